# What wakes somebody, and whether it says what to do.
mock_provider "google" {}

variables {
  alert_email   = "oncall@example.com"
  playbooks_url = "https://git.example/missionpot/blob/main/docs/operating/playbooks"
  budget        = { billing_account = "000000-000000-000000", currency = "KRW", amount = 1000000 }
}

run "settings" {
  module {
    source = "./tests/settings"
  }
}

run "prod" {
  variables {
    protected                = run.settings.prod.protected
    step_instances_limit     = run.settings.prod.step_instances_limit
    databases                = run.settings.prod.databases
    services                 = run.settings.prod.services
    sandbox_payments_allowed = run.settings.prod.sandbox_payments_allowed
    log_level                = run.settings.prod.log_level
  }

  assert {
    condition = toset(keys(output.monitoring.alerts)) == toset([
      "books-drift", "connection-use", "dead-letters", "error-budget", "exit-only", "key-rotation", "no-progress", "settlement-lag", "undecided-bets", "unreachable",
    ])
    error_message = "The alerts are ${join(", ", keys(output.monitoring.alerts))}."
  }
  assert {
    condition     = alltrue([for name, a in output.monitoring.alerts : one(a.links) == "https://git.example/missionpot/blob/main/docs/operating/playbooks/${name}.md"])
    error_message = "An alert does not link its playbook."
  }
  assert {
    condition     = alltrue([for a in output.monitoring.alerts : a.notified == 1])
    error_message = "An alert reaches nobody."
  }
  assert {
    condition     = alltrue([for a in output.monitoring.alerts : contains(["CRITICAL", "ERROR", "WARNING"], a.severity)])
    error_message = "An alert has a severity that Cloud Monitoring does not know."
  }
  assert {
    condition     = toset(output.monitoring.dashboards) == toset(["mission", "money", "service"])
    error_message = "The dashboards are ${join(", ", output.monitoring.dashboards)}."
  }
  assert {
    condition     = output.monitoring.uptime.path == "/readyz" && output.monitoring.uptime.ssl && output.monitoring.uptime.regions >= 3
    error_message = "The uptime check asks for something else than /readyz by TLS from three regions."
  }
  assert {
    condition     = output.monitoring.budget == tolist([0.5, 0.9, 1, 1])
    error_message = "The budget is reported at ${jsonencode(output.monitoring.budget)} of it."
  }
  assert {
    condition = alltrue([for settings in concat(values(output.steps)[*].settings, values(output.services)[*].environment) :
      settings["OTEL_EXPORTER_OTLP_ENDPOINT"] == "https://telemetry.googleapis.com" && settings["OTEL_METRICS_EXPORTER"] == "otlp" && settings["OTEL_TRACES_EXPORTER"] == "otlp"
    ])
    error_message = "A program does not send what it measures."
  }
}

run "without_a_billing_account" {
  command = plan

  variables {
    protected            = run.settings.dev.protected
    step_instances_limit = run.settings.dev.step_instances_limit
    databases            = run.settings.dev.databases
    services             = run.settings.dev.services
    budget               = null
  }

  assert {
    condition     = output.monitoring.budget == null
    error_message = "A budget was made without a billing account."
  }
}

run "a_playbooks_address_that_is_none" {
  command = plan

  variables {
    protected            = run.settings.dev.protected
    step_instances_limit = run.settings.dev.step_instances_limit
    databases            = run.settings.dev.databases
    services             = run.settings.dev.services
    playbooks_url        = "docs/operating/playbooks/"
  }

  expect_failures = [var.playbooks_url]
}
