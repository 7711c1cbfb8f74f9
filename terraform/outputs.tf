output "addresses" {
  description = "Where the API and the event streams answer."
  value       = module.api.addresses
}

output "ip_address" {
  description = "What the A records of the domain and of candidate.DOMAIN must hold; null without a domain."
  value       = module.api.ip_address
}

output "steps" {
  description = "Every step as made: function, settings, subscriptions by topic, and the subscription on its dead letters."
  value = { for name, step in module.step : name => {
    function      = step.function
    settings      = step.settings
    subscriptions = step.subscriptions
    dead_letters = !contains(keys(local.fallible), name) ? null : {
      name         = google_pubsub_subscription.keep[name].name
      topic        = google_pubsub_subscription.keep[name].topic
      endpoint     = google_pubsub_subscription.keep[name].push_config[0].push_endpoint
      push_account = google_pubsub_subscription.keep[name].push_config[0].oidc_token[0].service_account_email
      audience     = google_pubsub_subscription.keep[name].push_config[0].oidc_token[0].audience
      ack_deadline = google_pubsub_subscription.keep[name].ack_deadline_seconds
      retention    = google_pubsub_subscription.keep[name].message_retention_duration
      expires      = google_pubsub_subscription.keep[name].expiration_policy[0].ttl
      gives_up     = try(length(google_pubsub_subscription.keep[name].dead_letter_policy), 0) > 0
    }
  } }
}

output "tick" {
  description = "The clock of the sweeps."
  value = {
    job      = google_cloud_scheduler_job.tick.name
    schedule = google_cloud_scheduler_job.tick.schedule
    target   = google_cloud_scheduler_job.tick.http_target[0].uri
    body     = jsondecode(base64decode(google_cloud_scheduler_job.tick.http_target[0].body))
    account  = google_cloud_scheduler_job.tick.http_target[0].oauth_token[0].service_account_email
  }
}

output "services" {
  description = "The API's two services as made."
  value       = module.api.services
}

output "edge" {
  description = "The load balancer as made; null without a domain."
  value       = module.api.edge
}

output "databases" {
  description = "The Cloud SQL instances as made."
  value       = { for key, database in module.database : key => database.instance }
}

output "firestore" {
  description = "The Firestore databases as made."
  value       = { for key, database in module.firestore : key => database.database }
}

# Postgres refuses what is beyond max_connections, so every instance of every program must find room
# at once. A function's old and new revisions run side by side while one follows the other; the
# services' limit is of all revisions together.
output "connections" {
  description = "Connections of each Cloud SQL instance: needed at worst, and allowed."
  value       = { for key in keys(var.databases) : key => { needed = local.connections[key], allowed = var.databases[key].max_connections } }

  precondition {
    condition     = alltrue([for key in keys(var.databases) : local.connections[key] <= var.databases[key].max_connections])
    error_message = "max_connections is too small: ${jsonencode(local.connections)} needed."
  }
}

locals {
  service_pool         = 10 # of each service's instance to each database; run/api/wiring.go
  migrate_connections  = 2  # the lock and the migration
  operator_connections = 2  # of each of its jobs to each instance; run/operator/open.go
  reserved_connections = 15 # Postgres keeps 3 for superusers; the rest is for Cloud SQL's own agents and a person

  connections = { for key in keys(var.databases) : key => (
    2 * sum(concat([0], [for step in local.steps : step.max_instances * step.pool if contains(step.databases, key)]))
    + local.service_pool * sum([for s in values(var.services) : s.max_instances])
    + local.migrate_connections
    + local.operator_connections
    + (var.restoring ? local.operator_connections : 0)
    + local.reserved_connections
  ) }
}

# Who may do what, all of it. A test holds the whole table; another that no grant is missing here.
output "grants" {
  description = "Every grant of this configuration: member role on resource."
  value = sort([for g in local.grants :
    "${trimsuffix(trimprefix(g.member, "serviceAccount:"), "@${var.project}.iam.gserviceaccount.com")} ${replace(g.role, "projects/${var.project}/", "")} ${g.on}"
  ])
}

locals {
  grants = concat(
    flatten([for step in module.step : step.grants]),
    module.api.grants,
    module.monitoring.grants,
    flatten([for job in [module.migrate, module.operator, module.restore, module.smoke] : job.grants]),
    module.push.grants,
    [{ member = google_service_account_iam_member.push_tokens.member, role = google_service_account_iam_member.push_tokens.role, on = "account pubsub-push" }],
    module.scheduler.grants,
  )
}

output "restore" {
  description = "The job restore as made; null unless a restore is under way."
  value = module.restore.job == null ? null : {
    account    = module.restore.job.account
    image      = module.restore.job.image
    statements = module.restore.job.buckets.statements.bucket
    read_only  = module.restore.job.buckets.statements.read_only
    mounted_at = module.restore.job.buckets.statements.mounted_at
  }
}
