# The flow as a table. It repeats what the code knows: topics, time-outs and attempts are those of
# internal/event/pipeline.go, databases and pools those of functions/functions.go. A Go test
# (internal/layout) compares both, in both directions.
#
#   function       name in the function registry
#   databases      the Cloud SQL instances it sees: one, but for checkbooks (docs/decisions)
#   firestore      the one Firestore database it sees
#   publishes      topics it sends to
#   concurrency    requests at once in one instance
#   max_instances  of the function; each opens at most `pool` connections to each of its instances
#   timeout        seconds until the service ends a request. The handler gives up before, Pub/Sub waits longer
#   subscriptions  by topic: seconds of the handler, seconds until Pub/Sub delivers again, deliveries
#                  before a message is dead, the wait between them and how long it is kept, in seconds
locals {
  pipeline = {
    # More instances would split the batches, and the batches are what makes it fast.
    holdbets = {
      function      = "HoldBets"
      databases     = ["users"]
      firestore     = null
      publishes     = ["pots"]
      concurrency   = 1000
      max_instances = 2
      pool          = 4
      cpu           = "2"
      memory        = "1Gi"
      timeout       = 30
      subscriptions = {
        bets = { handler = 20, ack_deadline = 60, attempts = 100, min_backoff = 1, max_backoff = 600, retention = 604800 }
      }
    }

    growpot = {
      function      = "GrowPot"
      databases     = ["missions"]
      firestore     = "board"
      publishes     = ["verdicts"]
      concurrency   = 1000
      max_instances = 4
      pool          = 8
      cpu           = "1"
      memory        = "512Mi"
      timeout       = 30
      subscriptions = {
        pots = { handler = 20, ack_deadline = 60, attempts = 100, min_backoff = 1, max_backoff = 600, retention = 604800 }
      }
    }

    settlemission = {
      function      = "SettleMission"
      databases     = ["users"]
      firestore     = null
      publishes     = ["settlements"]
      concurrency   = 20
      max_instances = 4
      pool          = 8
      cpu           = "1"
      memory        = "512Mi"
      timeout       = 540
      subscriptions = {
        verdicts = { handler = 500, ack_deadline = 600, attempts = 100, min_backoff = 1, max_backoff = 600, retention = 604800 }
      }
    }

    closemission = {
      function      = "CloseMission"
      databases     = ["missions"]
      firestore     = "board"
      publishes     = []
      concurrency   = 80
      max_instances = 4
      pool          = 4
      cpu           = "1"
      memory        = "512Mi"
      timeout       = 540
      subscriptions = {
        settlements = { handler = 500, ack_deadline = 600, attempts = 100, min_backoff = 1, max_backoff = 600, retention = 604800 }
      }
    }

    # One function, so one time-out, for both of its topics.
    mailresults = {
      function      = "MailResults"
      databases     = ["users"]
      firestore     = null
      publishes     = []
      concurrency   = 20
      max_instances = 4
      pool          = 8
      cpu           = "1"
      memory        = "512Mi"
      timeout       = 540
      subscriptions = {
        settlements = { handler = 500, ack_deadline = 600, attempts = 100, min_backoff = 1, max_backoff = 600, retention = 604800 }
        ticks       = { handler = 500, ack_deadline = 600, attempts = 100, min_backoff = 1, max_backoff = 60, retention = 600 }
      }
    }

    sweepmissions = {
      function      = "SweepMissions"
      databases     = ["missions"]
      firestore     = "board"
      publishes     = ["verdicts"]
      concurrency   = 10
      max_instances = 1
      pool          = 4
      cpu           = "1"
      memory        = "512Mi"
      timeout       = 60
      subscriptions = {
        ticks = { handler = 50, ack_deadline = 120, attempts = 100, min_backoff = 1, max_backoff = 60, retention = 600 }
      }
    }

    sweepbets = {
      function      = "SweepBets"
      databases     = ["users"]
      firestore     = "log"
      publishes     = ["bets", "pots"]
      concurrency   = 10
      max_instances = 1
      pool          = 10
      cpu           = "1"
      memory        = "512Mi"
      timeout       = 60
      subscriptions = {
        ticks = { handler = 50, ack_deadline = 120, attempts = 100, min_backoff = 1, max_backoff = 60, retention = 600 }
      }
    }

    # It trusts nobody: it reads both instances and the log, and writes its own notes.
    checkbooks = {
      function      = "CheckBooks"
      databases     = ["missions", "users"]
      firestore     = "log"
      publishes     = []
      concurrency   = 10
      max_instances = 1
      pool          = 2
      cpu           = "1"
      memory        = "512Mi"
      timeout       = 60
      subscriptions = {
        ticks = { handler = 50, ack_deadline = 120, attempts = 100, min_backoff = 1, max_backoff = 60, retention = 600 }
      }
    }

    # Nothing comes after it: it serves every step's dead letters and has none of its own.
    keepdeadletter = {
      function      = "KeepDeadLetter"
      databases     = []
      firestore     = "letters"
      publishes     = []
      concurrency   = 80
      max_instances = 2
      pool          = 0
      cpu           = "1"
      memory        = "512Mi"
      timeout       = 30
      subscriptions = {}
    }
  }
}

locals {
  # A cheap environment has fewer instances, so fewer connections, so a smaller server.
  steps = { for name, step in local.pipeline : name => merge(step, {
    max_instances = min(step.max_instances, var.step_instances_limit)
  }) }
  fallible = { for name, step in local.steps : name => step if length(step.subscriptions) > 0 }

  topics = toset(flatten([for step in local.pipeline : keys(step.subscriptions)]))

  pubsub_agent = "serviceAccount:service-${var.project_number}@gcp-sa-pubsub.iam.gserviceaccount.com"
}

# A topic belongs to the flow and not to a step: several steps listen to one.
resource "google_pubsub_topic" "pipeline" {
  for_each = local.topics

  name = each.key

  # Mail addresses never travel here, but user ids and amounts do.
  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }
}

# Who pushes. Only this account may call the functions.
resource "google_service_account" "push" {
  account_id   = "pubsub-push"
  display_name = "Pub/Sub's pushes to the functions"
}

resource "google_service_account_iam_member" "push_tokens" {
  service_account_id = google_service_account.push.name
  role               = "roles/iam.serviceAccountOpenIdTokenCreator"
  member             = local.pubsub_agent
}

# To make a subscription that pushes as an account one must be allowed to act as it.
resource "google_service_account_iam_member" "push_deployer" {
  service_account_id = google_service_account.push.name
  role               = "roles/iam.serviceAccountUser"
  member             = local.deployer
}

module "step" {
  source   = "./modules/step"
  for_each = local.steps

  name           = each.key
  step           = each.value
  project        = var.project
  region         = var.region
  source_archive = var.source_archive
  builder        = local.function_builder
  repository     = local.function_repository
  deployer       = local.deployer
  topics         = { for name, topic in google_pubsub_topic.pipeline : name => "projects/${var.project}/topics/${topic.name}" }
  push_account   = local.accounts.push
  pubsub_agent   = local.pubsub_agent
  network        = module.network.egress
  databases      = { for key in each.value.databases : key => module.database[key].connection }
  firestore      = each.value.firestore == null ? null : module.firestore[each.value.firestore].name
  firestore_role = each.value.firestore == null ? null : local.firestore_roles[each.key]
  environment    = merge(module.monitoring.settings, lookup(local.step_environment, each.key, {}))
  secrets        = lookup(local.step_secrets, each.key, [])
  log_level      = var.log_level
  dead_letters   = contains(keys(local.fallible), each.key)
  paused         = contains(var.paused_steps, each.key)

  depends_on = [google_service_account_iam_member.push_deployer]
}

locals {
  step_environment = {
    mailresults = { MAIL_FROM = var.mail_from, SENDGRID_API_KEY_FILE = "/secrets/sendgrid-key/value" }
    sweepbets = {
      PAYMENT_PROVIDER         = var.payment_provider
      SANDBOX_PAYMENTS_ALLOWED = tostring(var.sandbox_payments_allowed)
    }
  }
  # By the secret's id; mounted at /secrets/ID/value.
  step_secrets = {
    mailresults = ["sendgrid-key"]
  }
}

# Every step's dead letters are pushed to keepdeadletter for as long as Pub/Sub can keep them.
resource "google_pubsub_subscription" "keep" {
  for_each = local.fallible

  name                       = "${each.key}-dead-keep"
  topic                      = module.step[each.key].dead_topic
  ack_deadline_seconds       = 60
  message_retention_duration = "${31 * 24 * 60 * 60}s"

  push_config {
    push_endpoint = "${module.step["keepdeadletter"].uri}/projects/${var.project}/topics/${each.key}-dead"

    oidc_token {
      service_account_email = local.accounts.push
      audience              = module.step["keepdeadletter"].uri
    }
  }

  retry_policy {
    minimum_backoff = "1s"
    maximum_backoff = "600s"
  }

  expiration_policy {
    ttl = "" # never, however long nothing fails
  }

  depends_on = [google_service_account_iam_member.push_deployer]
}
