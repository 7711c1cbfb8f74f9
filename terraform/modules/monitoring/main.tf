# What the on-call person sees and is woken by. Dashboards and alerts are JSON files in Cloud
# Monitoring's own form, so that a Go test (internal/rig/checks/dashboards) can run every query of them on a
# running system, and the local stand can draw them.
locals {
  dashboards = toset([for file in fileset("${path.module}/dashboards", "*.json") : trimsuffix(file, ".json")])
  alerts = { for file in fileset("${path.module}/alerts", "*.json") :
    trimsuffix(file, ".json") => jsondecode(file("${path.module}/alerts/${file}"))
  }
  channels = google_monitoring_notification_channel.email[*].name
}

resource "google_monitoring_dashboard" "this" {
  for_each = local.dashboards

  dashboard_json = file("${path.module}/dashboards/${each.key}.json")
}

resource "google_monitoring_notification_channel" "email" {
  count = var.alert_email == "" ? 0 : 1

  display_name = "On call"
  type         = "email"
  labels       = { email_address = var.alert_email }
}

resource "google_monitoring_alert_policy" "this" {
  for_each = local.alerts

  display_name          = each.value.displayName
  severity              = each.value.severity
  combiner              = each.value.combiner
  user_labels           = each.value.userLabels
  notification_channels = local.channels

  dynamic "conditions" {
    for_each = each.value.conditions
    content {
      display_name = conditions.value.displayName
      condition_prometheus_query_language {
        query               = conditions.value.conditionPrometheusQueryLanguage.query
        duration            = conditions.value.conditionPrometheusQueryLanguage.duration
        evaluation_interval = conditions.value.conditionPrometheusQueryLanguage.evaluationInterval
        alert_rule          = conditions.value.conditionPrometheusQueryLanguage.alertRule

        # A new project has no metric yet. That every one comes to be is the Go test's to prove.
        disable_metric_validation = true
      }
    }
  }

  documentation {
    subject   = each.value.documentation.subject
    content   = each.value.documentation.content
    mime_type = each.value.documentation.mimeType

    dynamic "links" {
      for_each = var.playbooks_url == "" ? [] : [each.key]
      content {
        display_name = "Playbook"
        url          = "${var.playbooks_url}/${links.value}.md"
      }
    }
  }

  alert_strategy {
    auto_close = each.value.alertStrategy.autoClose
  }
}
