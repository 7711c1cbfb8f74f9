output "settings" {
  description = "Environment variables that let a program send what it measures. They are OpenTelemetry's own."
  value = {
    OTEL_METRICS_EXPORTER       = "otlp"
    OTEL_TRACES_EXPORTER        = "otlp"
    OTEL_EXPORTER_OTLP_PROTOCOL = "grpc"
    OTEL_EXPORTER_OTLP_ENDPOINT = "https://telemetry.googleapis.com"
    # In milliseconds; of the API alone, the functions send at the end of requests.
    OTEL_METRIC_EXPORT_INTERVAL = "20000"
  }
}

output "alerts" {
  description = "Every alert by its playbook: severity, queries, and whether a playbook is linked."
  value = merge(
    { for name, policy in google_monitoring_alert_policy.this : name => {
      severity = policy.severity
      queries  = [for c in policy.conditions : c.condition_prometheus_query_language[0].query]
      links    = policy.documentation[0].links[*].url
      notified = length(policy.notification_channels)
    } },
    { for name, policy in { unreachable = google_monitoring_alert_policy.unreachable, key-rotation = google_monitoring_alert_policy.rotation } : name => {
      severity                          = policy.severity
      queries                           = []
      links                             = policy.documentation[0].links[*].url
      notified                          = length(policy.notification_channels)
    } },
  )
}

output "dashboards" {
  description = "Names of the dashboards."
  value       = keys(google_monitoring_dashboard.this)
}

output "uptime" {
  description = "The uptime check as made."
  value = {
    path    = google_monitoring_uptime_check_config.api.http_check[0].path
    ssl     = google_monitoring_uptime_check_config.api.http_check[0].use_ssl && google_monitoring_uptime_check_config.api.http_check[0].validate_ssl
    period  = google_monitoring_uptime_check_config.api.period
    regions = length(google_monitoring_uptime_check_config.api.selected_regions)
  }
}

output "budget" {
  description = "Shares of the budget that are reported, or null."
  value       = one([for b in google_billing_budget.month : b.threshold_rules[*].threshold_percent])
}

output "grants" {
  description = "Every grant made here, as {member, role, on}."
  value       = [for g in google_project_iam_member.writes : { member = g.member, role = g.role, on = "project" }]
}
