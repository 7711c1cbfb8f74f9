# What must hold in every environment, once for all of them. `made` is what a run of the
# configuration put out. Enums and ranges of Google's API are in no schema, so they are here.
variable "environment" {
  description = "dev or prod."
  type        = string
}

variable "made" {
  description = "All outputs of the configuration."
  type        = any
}

variable "project" {
  type = string
}

variable "project_number" {
  type = string
}

locals {
  prod   = var.environment == "prod"
  agent  = "serviceAccount:service-${var.project_number}@gcp-sa-pubsub.iam.gserviceaccount.com"
  pusher = "pubsub-push@${var.project}.iam.gserviceaccount.com"

  steps = var.made.steps
  subscriptions = flatten([for step, s in local.steps : [for topic, sub in s.subscriptions : merge(sub, {
    step = step, on = topic, timeout = s.function.timeout
  })]])
  dead = { for step, s in local.steps : step => s.dead_letters if s.dead_letters != null }

  pipeline = {
    "every step but keepdeadletter listens to a topic" = (
      toset([for s in local.subscriptions : s.step]) == setsubtract(keys(local.steps), ["keepdeadletter"])
    )
    "a subscription is named after its step and topic" = alltrue([for s in local.subscriptions : s.name == "${s.step}-${s.on}" && endswith(s.topic, "/topics/${s.on}")])
    "a subscription has the dead-letter topic of its step" = alltrue([for s in local.subscriptions :
      s.dead_topic == "projects/${var.project}/topics/${s.step}-dead"
    ])
    "Pub/Sub may write to the dead-letter topic" = alltrue([for s in local.subscriptions :
      s.dead_grants.publisher == "${local.agent} roles/pubsub.publisher ${s.step}-dead"
    ])
    "Pub/Sub may ack on the subscription it moves dead letters from" = alltrue([for s in local.subscriptions :
      s.dead_grants.subscriber == "${local.agent} roles/pubsub.subscriber ${s.name}"
    ])
    "a message is tried 5 to 100 times" = alltrue([for s in local.subscriptions : s.attempts >= 5 && s.attempts <= 100])
    "Pub/Sub waits 10 to 600 seconds"   = alltrue([for s in local.subscriptions : s.ack_deadline >= 10 && s.ack_deadline <= 600])
    "the wait between tries is 0 to 600 seconds" = alltrue([for s in local.subscriptions :
      tonumber(trimsuffix(s.min_backoff, "s")) >= 0 && tonumber(trimsuffix(s.max_backoff, "s")) <= 600
      && tonumber(trimsuffix(s.min_backoff, "s")) <= tonumber(trimsuffix(s.max_backoff, "s"))
    ])
    "a message is kept for 10 minutes to 31 days" = alltrue([for s in concat(local.subscriptions, values(local.dead)) :
      tonumber(trimsuffix(s.retention, "s")) >= 600 && tonumber(trimsuffix(s.retention, "s")) <= 2678400
    ])
    "a tick is forgotten before it is dead" = alltrue([for s in local.subscriptions :
      s.on != "ticks" || (s.retention == "600s" && s.attempts * tonumber(trimsuffix(s.max_backoff, "s")) >= 6000)
    ])
    "a function ends before Pub/Sub delivers again" = alltrue([for s in local.subscriptions : s.timeout < s.ack_deadline])
    "a subscription never expires"                  = alltrue([for s in concat(local.subscriptions, values(local.dead)) : s.expires == ""])
    "a push carries the push account's token" = alltrue([for s in local.subscriptions :
      s.push_account == local.pusher && s.audience == local.steps[s.step].function.uri && startswith(s.endpoint, "${s.audience}/")
    ])
    "no step is paused for good" = alltrue([for s in local.subscriptions : !s.paused])
    "a push names its topic"     = alltrue([for s in local.subscriptions : endswith(s.endpoint, "/projects/${var.project}/topics/${s.on}")])

    "every step that can fail has a subscription on its dead letters" = toset(keys(local.dead)) == toset([for s in local.subscriptions : s.step])
    "dead letters are kept by keepdeadletter" = alltrue([for step, d in local.dead :
      d.name == "${step}-dead-keep" && d.push_account == local.pusher
      && d.topic == "projects/${var.project}/topics/${step}-dead" && d.audience == local.steps["keepdeadletter"].function.uri
      && d.endpoint == "${local.steps["keepdeadletter"].function.uri}/projects/${var.project}/topics/${step}-dead"
    ])
    "keeping a dead letter is tried for as long as Pub/Sub can" = alltrue([for d in values(local.dead) : d.retention == "2678400s" && !d.gives_up])
    "keeping a dead letter ends before it is tried again"       = alltrue([for d in values(local.dead) : local.steps["keepdeadletter"].function.timeout < d.ack_deadline])

    "a tick is what the steps can read, every minute" = (
      var.made.tick.schedule == "* * * * *" && jsonencode(var.made.tick.body) == jsonencode({ messages = [{ attributes = { type = "tick" }, data = base64encode("{}") }] })
      && endswith(var.made.tick.target, "/topics/ticks:publish") && startswith(var.made.tick.account, "scheduler@")
    )
  }

  functions = {
    "holdbets runs with 1000 at once and at most 2 instances" = (
      local.steps["holdbets"].function.concurrency == 1000 && local.steps["holdbets"].function.instances <= 2
    )
    "the time-outs are those of the protocol" = (
      local.steps["holdbets"].function.timeout == 30 && local.steps["holdbets"].subscriptions["bets"].ack_deadline == 60
      && local.steps["settlemission"].function.timeout == 540 && local.steps["settlemission"].subscriptions["verdicts"].ack_deadline == 600
      && local.steps["sendmail"].function.timeout == 540 && local.steps["sendmail"].subscriptions["settlements"].ack_deadline == 600
    )
    "a function is called from inside only, and by no trigger" = alltrue([for s in values(local.steps) :
      s.function.ingress == "ALLOW_INTERNAL_ONLY" && s.function.trigger == 0
    ])
    "a function runs as its own account" = alltrue([for name, s in local.steps :
      s.function.account == "step-${name}@${var.project}.iam.gserviceaccount.com"
    ])
    "a function's concurrency and time are in Cloud Run's range" = alltrue([for s in values(local.steps) :
      s.function.concurrency >= 1 && s.function.concurrency <= 1000 && s.function.timeout >= 1 && s.function.timeout <= 3600 && s.function.instances >= 1
    ])
    "only the way to private addresses goes through the network" = alltrue(concat(
      [for name, s in local.steps : s.function.egress == "VPC_EGRESS_PRIVATE_RANGES_ONLY" if name != "keepdeadletter"],
      [for s in values(var.made.services) : s.egress == "PRIVATE_RANGES_ONLY"],
    ))
    "a function knows one SQL instance at most, checkbooks both" = alltrue([for step, s in local.steps :
      length([for name in keys(s.settings) : name if endswith(name, "_DATABASE_URL")]) <= (step == "checkbooks" ? 2 : 1)
    ])
    "no address of a database holds a password" = alltrue(flatten([for s in concat(values(local.steps)[*].settings, values(var.made.services)[*].environment) : [
      for name, value in s : can(regex("^postgres://[a-z0-9-]+%40[a-z0-9-]+[.]iam@127[.]0[.]0[.]1/missionpot[?]sslmode=disable$", value)) if endswith(name, "_DATABASE_URL")
    ]]))
    "no setting holds a secret" = alltrue(flatten([for s in concat(values(local.steps)[*].settings, values(var.made.services)[*].environment) : [
      for name in keys(s) : endswith(name, "_FILE") if length(regexall("KEY|SECRET|PASSWORD|TOKEN_KEYS", name)) > 0
    ]]))
    "only dev may use the payment sandbox" = (
      local.steps["sweepbets"].settings["SANDBOX_PAYMENTS_ALLOWED"] == (local.prod ? "false" : "true")
      && var.made.services["api"].environment["SANDBOX_PAYMENTS_ALLOWED"] == (local.prod ? "false" : "true")
    )
  }

  databases = {
    "there is no public address"          = alltrue([for d in values(var.made.databases) : d.public_address == false && d.network != null])
    "Postgres is 16 or newer"             = alltrue([for d in values(var.made.databases) : tonumber(trimprefix(d.version, "POSTGRES_")) >= 16])
    "a connection needs a Google account" = alltrue([for d in values(var.made.databases) : d.connectors == "REQUIRED" && d.ssl_mode == "TRUSTED_CLIENT_CERTIFICATE_REQUIRED" && d.flags["cloudsql.iam_authentication"] == "on"])
    "every instance can go back in time"  = alltrue([for d in values(var.made.databases) : d.backup.enabled && d.backup.point_in_time_recovery_enabled && d.backup.transaction_log_retention_days == 7])
    "slow queries are seen"               = alltrue([for d in values(var.made.databases) : d.insights.query_insights_enabled && !d.insights.record_client_address])
    "prod runs in two zones, dev in one"  = alltrue([for d in values(var.made.databases) : d.availability == (local.prod ? "REGIONAL" : "ZONAL")])
    "prod refuses to be deleted"          = alltrue([for d in values(var.made.databases) : d.protected == local.prod && d.delete_guard == local.prod])
    "every connection of every instance has its place" = alltrue([for key, c in var.made.connections :
      c.needed <= c.allowed && tostring(c.allowed) == var.made.databases[key].flags["max_connections"]
    ])
    "the sum of connections counts each program" = alltrue([for key, c in var.made.connections : c.needed == local.counted[key]])

    "Firestore goes back in time"              = alltrue([for f in values(var.made.firestore) : f.recovery == "POINT_IN_TIME_RECOVERY_ENABLED"])
    "prod's Firestore is backed up"            = alltrue([for f in values(var.made.firestore) : join(" ", f.backups) == (local.prod ? "2419200s" : "")])
    "prod's Firestore can't be deleted"        = alltrue([for f in values(var.made.firestore) : f.protected == (local.prod ? "DELETE_PROTECTION_ENABLED" : "DELETE_PROTECTION_DISABLED")])
    "the sweep has its index, of all missions" = var.made.firestore["log"].indexes == [{ collection = "bets", fields = ["shard ASCENDING", "placed_at ASCENDING"], scope = "COLLECTION_GROUP" }]
    "a streamer's board has its index"         = var.made.firestore["board"].indexes == [{ collection = "boards", fields = ["streamer_id ASCENDING", "updated_at DESCENDING"], scope = "COLLECTION" }]
    "a board's rising fields have no index"    = length(setsubtract(["boards.at", "boards.updated_at", "boards.snapshot", "events.at", "events.mission"], var.made.firestore["board"].unindexed)) == 0
    "a bet's rising fields have no index"      = length(setsubtract(["bets.bet_id", "bets.deadline", "bets.placed_at"], var.made.firestore["log"].unindexed)) == 0
  }

  # Said once more in other words, to check the sum: instances of the table times its pool.
  pools = { holdbets = 4, growpot = 8, settlemission = 8, closemission = 4, sendmail = 8, sweepmissions = 4, sweepbets = 10, checkbooks = 2, keepdeadletter = 0 }
  sees = {
    users    = ["holdbets", "settlemission", "sendmail", "sweepbets", "checkbooks"]
    missions = ["growpot", "closemission", "sweepmissions", "checkbooks"]
  }
  counted = { for key in ["users", "missions"] : key =>
    sum([for name in local.sees[key] : 2 * local.steps[name].function.instances * local.pools[name]])
    + 10 * sum(values(var.made.services)[*].max_instances) + 2 + 2 + 15
  }

  services = {
    "an instance takes calls only after it reached its databases"         = alltrue([for s in values(var.made.services) : s.startup == "/readyz" && s.startup_limit == 240 && s.liveness == "/healthz"])
    "anybody may call the services, which check their callers themselves" = alltrue([for s in values(var.made.services) : s.open])
    "each service plays its part"                                         = var.made.services["api"].environment["API_ROLE"] == "api" && var.made.services["live"].environment["API_ROLE"] == "live"
    "streams may last an hour, calls a minute"                            = var.made.services["api"].timeout == "60s" && var.made.services["live"].timeout == "3600s"
    "the signing keys are mounted where they sign, only"                  = var.made.services["api"].secrets == { token-keys = "token-keys" } && length(var.made.services["live"].secrets) == 0
    "in prod somebody always waits for the caller"                        = !local.prod || alltrue([for s in values(var.made.services) : s.min_instances >= 1])
    "in dev no instance waits for calls"                                  = local.prod || alltrue([for s in values(var.made.services) : s.min_instances == 0])
    "prod's services refuse to be deleted"                                = alltrue([for s in values(var.made.services) : s.protected == local.prod])
    "a service's numbers are in Cloud Run's range"                        = alltrue([for s in values(var.made.services) : s.concurrency >= 1 && s.concurrency <= 1000 && s.max_instances >= s.min_instances])
  }

  grants = {
    "nobody is owner, editor or admin" = length([for g in var.made.grants : g if length(regexall("roles/(owner|editor|viewer|[a-zA-Z.]*[aA]dmin)( |$)", g)) > 0]) == 0
    # An organisation may forbid grants to everybody, and new ones do.
    "no grant is to everybody" = length([for g in var.made.grants : g if length(regexall("^all(Authenticated)?Users ", g)) > 0]) == 0
    "only the push account calls a function" = toset([for g in var.made.grants : g if length(regexall("roles/run.invoker", g)) > 0 && !startswith(g, "allUsers ")]) == toset([
      for name in keys(local.steps) : "pubsub-push roles/run.invoker service ${name}"
    ])
    "only the API and the checks read the log, and only the API writes it" = [for g in var.made.grants : g if endswith(g, " databases/bet-log")] == [
      "job-operator roles/datastore.viewer databases/bet-log",
      "service-api roles/firestoreAppend databases/bet-log", "step-checkbooks roles/datastore.viewer databases/bet-log", "step-sweepbets roles/datastore.viewer databases/bet-log"
    ]
    "a function sees one SQL instance, checkbooks both" = alltrue([for name in keys(local.steps) : length(distinct([
      for g in var.made.grants : split(" ", g)[2] if startswith(g, "step-${name} roles/cloudsql.")
    ])) <= (name == "checkbooks" ? 2 : 1)])
    "no grant is made twice" = length(var.made.grants) == length(distinct(var.made.grants))
  }

  rules = merge(local.pipeline, local.functions, local.databases, local.services, local.grants)
}

output "broken" {
  description = "The rules that do not hold."
  value       = sort([for rule, holds in local.rules : rule if !holds])
}

output "count" {
  description = "How many rules there are: an empty list of broken ones could mean that none was checked."
  value       = length(local.rules)
}
