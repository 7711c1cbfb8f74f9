# The flow as a table, pipeline.json, which the programs read as well: the local stand makes the same
# subscriptions, and a function opens what its row says and nothing else. A row is a step:
#
#   name           folder under functions/, and the name of the function on Google Cloud
#   function       name in the function registry
#   why            reasons for its figures
#   databases      the Cloud SQL instances it sees: one, but for checkbooks (docs/decisions)
#   firestore      the one Firestore database it sees
#   publishes      topics it sends to
#   concurrency    requests at once in one instance
#   max_instances  of the function; each opens at most `pool` connections to each of its instances
#   timeout        seconds until the service ends a request. The handler gives up before, Pub/Sub waits longer
#   subscriptions  by topic: seconds of the handler, seconds until Pub/Sub delivers again, deliveries
#                  before a message is dead, the wait between them and how long it is kept, in seconds
#
# A database that is down must not fill the dead letters: 100 attempts with a backoff of 1 to 600 seconds
# last for more than half a day. Ticks are forgotten after 10 minutes, before their attempts are used up:
# the next tick does what this one missed.
locals {
  pipeline = { for step in jsondecode(file("${path.module}/pipeline.json")) : step.name => step }
}

locals {
  # A cheap environment has fewer instances, so fewer connections, so a smaller server.
  steps = { for name, step in local.pipeline : name => merge(step, {
    max_instances = min(step.max_instances, var.step_instances_limit)
  }) }
  fallible = { for name, step in local.steps : name => step if length(step.subscriptions) > 0 }

  topics    = toset(flatten([for step in local.pipeline : keys(step.subscriptions)]))
  topic_ids = { for name, topic in google_pubsub_topic.pipeline : name => "projects/${var.project}/topics/${topic.name}" }

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

# Who pushes. Only this account may call the functions. To make a subscription that pushes as an account
# one must be allowed to act as it.
module "push" {
  source = "./modules/account"

  name         = "pubsub-push"
  display_name = "Pub/Sub's pushes to the functions"
  project      = var.project
  deployer     = local.deployer
}

resource "google_service_account_iam_member" "push_tokens" {
  service_account_id = module.push.name
  role               = "roles/iam.serviceAccountOpenIdTokenCreator"
  member             = local.pubsub_agent
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
  topics         = local.topic_ids
  push_account   = module.push.email
  pubsub_agent   = local.pubsub_agent
  network        = module.network.egress
  databases      = { for key in each.value.databases : key => local.databases[key] }
  firestore      = each.value.firestore == null ? null : module.firestore[each.value.firestore].name
  firestore_role = each.value.firestore == null ? null : local.firestore_roles[each.key]
  environment    = merge(module.monitoring.settings, lookup(local.step_environment, each.key, {}))
  secrets        = lookup(local.step_secrets, each.key, [])
  log_level      = var.log_level
  dead_letters   = contains(keys(local.fallible), each.key)
  paused         = contains(var.paused_steps, each.key)

  depends_on = [module.push]
}

locals {
  step_environment = {
    sendmail = { MAIL_FROM = var.mail_from, SENDGRID_API_KEY_FILE = "/secrets/sendgrid-key/value" }
    sweepbets = {
      PAYMENT_PROVIDER         = var.payment_provider
      SANDBOX_PAYMENTS_ALLOWED = tostring(var.sandbox_payments_allowed)
    }
  }
  # By the secret's id; mounted at /secrets/ID/value.
  step_secrets = {
    sendmail = ["sendgrid-key"]
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
      service_account_email = module.push.email
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

  depends_on = [module.push]
}
