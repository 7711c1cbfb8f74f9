locals {
  uri        = google_cloudfunctions2_function.step.service_config[0].uri
  dead_topic = var.dead_letters ? "projects/${var.project}/topics/${google_pubsub_topic.dead[0].name}" : null
}

resource "google_pubsub_topic" "dead" {
  count = var.dead_letters ? 1 : 0

  name = "${var.name}-dead"

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }
}

# Without this grant Pub/Sub can't move a dead letter and delivers it for ever.
resource "google_pubsub_topic_iam_member" "dead" {
  count = var.dead_letters ? 1 : 0

  topic  = google_pubsub_topic.dead[0].name
  role   = "roles/pubsub.publisher"
  member = var.pubsub_agent
}

# The subscription a function trigger would make can't carry a dead-letter policy, so the functions
# have no trigger.
resource "google_pubsub_subscription" "step" {
  for_each = var.step.subscriptions

  name                 = "${var.name}-${each.key}"
  topic                = var.topics[each.key]
  ack_deadline_seconds = each.value.ack_deadline

  # Of a message longer than its attempts last. A tick is forgotten sooner: the next does its work,
  # and on a first release there are no tables yet.
  message_retention_duration = "${each.value.retention}s"

  # Without it the messages wait for somebody to pull them, which nobody does.
  dynamic "push_config" {
    for_each = var.paused ? [] : [local.uri]
    content {
      push_endpoint = "${push_config.value}/projects/${var.project}/topics/${each.key}"

      oidc_token {
        service_account_email = var.push_account
        audience              = push_config.value
      }
    }
  }

  retry_policy {
    minimum_backoff = "${each.value.min_backoff}s"
    maximum_backoff = "${each.value.max_backoff}s"
  }

  dead_letter_policy {
    dead_letter_topic     = local.dead_topic
    max_delivery_attempts = each.value.attempts
  }

  expiration_policy {
    ttl = "" # never, however quiet it is
  }

  depends_on = [google_cloud_run_v2_service_iam_binding.invoker, google_pubsub_topic_iam_member.dead]
}

# Nor without this one: to move a message, Pub/Sub acks it here.
resource "google_pubsub_subscription_iam_member" "dead" {
  for_each = var.step.subscriptions

  subscription = google_pubsub_subscription.step[each.key].name
  role         = "roles/pubsub.subscriber"
  member       = var.pubsub_agent
}
