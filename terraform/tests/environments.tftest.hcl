# Both environments, with their settings as they are, against the rules in rules/.
mock_provider "google" {}

run "settings" {
  module {
    source = "./tests/settings"
  }
}

run "dev" {
  variables {
    protected                = run.settings.dev.protected
    step_instances_limit     = run.settings.dev.step_instances_limit
    databases                = run.settings.dev.databases
    services                 = run.settings.dev.services
    sandbox_payments_allowed = run.settings.dev.sandbox_payments_allowed
    log_level                = run.settings.dev.log_level
  }
}

run "rules_of_dev" {
  module {
    source = "./tests/rules"
  }

  variables {
    environment = "dev"
    made        = run.dev
  }

  assert {
    condition     = output.count >= 40 && length(output.broken) == 0
    error_message = "These do not hold in dev: ${join("; ", output.broken)} (of ${output.count} rules)"
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
}

run "rules_of_prod" {
  module {
    source = "./tests/rules"
  }

  variables {
    environment = "prod"
    made        = run.prod
  }

  assert {
    condition     = output.count >= 40 && length(output.broken) == 0
    error_message = "These do not hold in prod: ${join("; ", output.broken)} (of ${output.count} rules)"
  }
}
