# A secret's rotation that is due waits on a subscription of bootstrap/ until somebody acknowledges
# it. The metric is Google's own, so this one is no PromQL file for the Go test.
resource "google_monitoring_alert_policy" "rotation" {
  display_name          = "A secret's rotation is due"
  severity              = "WARNING"
  combiner              = "OR"
  user_labels           = { playbook = "key-rotation" }
  notification_channels = local.channels

  conditions {
    display_name = "A message waits on secret-rotation-due"
    condition_threshold {
      filter = join(" AND ", [
        "metric.type = \"pubsub.googleapis.com/subscription/num_undelivered_messages\"",
        "resource.type = \"pubsub_subscription\"",
        "resource.labels.subscription_id = \"secret-rotation-due\"",
      ])
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "300s"

      aggregations {
        alignment_period   = "300s"
        per_series_aligner = "ALIGN_MAX"
      }
    }
  }

  documentation {
    subject   = "A secret's rotation is due"
    content   = "A message waits on the subscription secret-rotation-due.\n\nPlaybook: docs/operating/playbooks/key-rotation.md"
    mime_type = "text/markdown"

    dynamic "links" {
      for_each = var.playbooks_url == "" ? [] : ["key-rotation"]
      content {
        display_name = "Playbook"
        url          = "${var.playbooks_url}/${links.value}.md"
      }
    }
  }
}
