# Whether the API answers, asked from outside: nothing in the project could notice that the way to it
# is broken. /readyz answers 200 only if both databases do.
resource "google_monitoring_uptime_check_config" "api" {
  display_name     = "API ready"
  period           = "60s"
  timeout          = "10s"
  checker_type     = "STATIC_IP_CHECKERS"
  selected_regions = ["ASIA_PACIFIC", "EUROPE", "USA_OREGON"] # three at least

  http_check {
    path           = "/readyz"
    port           = 443
    use_ssl        = true
    validate_ssl   = true
    request_method = "GET"

    accepted_response_status_codes {
      status_value = 200
    }
  }

  monitored_resource {
    type   = "uptime_url"
    labels = { project_id = var.project, host = var.host }
  }
}

# The check's metric is Google's own, so this one is no PromQL file for the Go test.
resource "google_monitoring_alert_policy" "unreachable" {
  display_name          = "Missionpot's API does not answer"
  severity              = "CRITICAL"
  combiner              = "OR"
  user_labels           = { playbook = "unreachable" }
  notification_channels = local.channels

  conditions {
    display_name = "Two places get no 200 from /readyz"
    condition_threshold {
      filter = join(" AND ", [
        "metric.type = \"monitoring.googleapis.com/uptime_check/check_passed\"",
        "metric.labels.check_id = \"${google_monitoring_uptime_check_config.api.uptime_check_id}\"",
        "resource.type = \"uptime_url\"",
      ])
      comparison      = "COMPARISON_GT"
      threshold_value = 1
      duration        = "120s"

      aggregations {
        alignment_period     = "120s"
        per_series_aligner   = "ALIGN_NEXT_OLDER"
        cross_series_reducer = "REDUCE_COUNT_FALSE"
        group_by_fields      = ["resource.label.host"]
      }
    }
  }

  documentation {
    subject   = "Missionpot's API does not answer"
    content   = "Google's uptime checks get no 200 from /readyz.\n\nPlaybook: docs/operating/playbooks/unreachable.md"
    mime_type = "text/markdown"

    dynamic "links" {
      for_each = var.playbooks_url == "" ? [] : ["unreachable"]
      content {
        display_name = "Playbook"
        url          = "${var.playbooks_url}/${links.value}.md"
      }
    }
  }
}
