# Settings that would fail later, or worse, are refused while planning.
mock_provider "google" {}

run "settings" {
  module {
    source = "./tests/settings"
  }
}

run "too_few_connections" {
  command = plan

  variables {
    protected                = run.settings.prod.protected
    step_instances_limit     = run.settings.prod.step_instances_limit
    databases                = { for key, d in run.settings.prod.databases : key => merge(d, { max_connections = 400 }) }
    services                 = run.settings.prod.services
    sandbox_payments_allowed = run.settings.prod.sandbox_payments_allowed
    log_level                = run.settings.prod.log_level
  }

  expect_failures = [output.connections]
}

run "a_third_database" {
  command = plan

  variables {
    protected                = run.settings.prod.protected
    step_instances_limit     = run.settings.prod.step_instances_limit
    databases                = merge(run.settings.prod.databases, { more = run.settings.prod.databases.users })
    services                 = run.settings.prod.services
    sandbox_payments_allowed = run.settings.prod.sandbox_payments_allowed
    log_level                = run.settings.prod.log_level
  }

  expect_failures = [var.databases]
}

run "an_image_by_its_tag" {
  command = plan

  variables {
    images                   = { api = "r.example/api:latest", migrate = "r.example/migrate:latest", operator = "r.example/operator:latest", smoke = "r.example/smoke:latest" }
    protected                = run.settings.prod.protected
    step_instances_limit     = run.settings.prod.step_instances_limit
    databases                = run.settings.prod.databases
    services                 = run.settings.prod.services
    sandbox_payments_allowed = run.settings.prod.sandbox_payments_allowed
    log_level                = run.settings.prod.log_level
  }

  expect_failures = [var.images]
}

run "a_domain_with_a_scheme" {
  command = plan

  variables {
    domain                   = "https://pot.example.com"
    protected                = run.settings.prod.protected
    step_instances_limit     = run.settings.prod.step_instances_limit
    databases                = run.settings.prod.databases
    services                 = run.settings.prod.services
    sandbox_payments_allowed = run.settings.prod.sandbox_payments_allowed
    log_level                = run.settings.prod.log_level
  }

  expect_failures = [var.domain]
}

run "more_instances_at_least_than_at_most" {
  command = plan

  variables {
    protected                = run.settings.prod.protected
    step_instances_limit     = run.settings.prod.step_instances_limit
    databases                = run.settings.prod.databases
    services                 = { for key, s in run.settings.prod.services : key => merge(s, { min_instances = s.max_instances + 1 }) }
    sandbox_payments_allowed = run.settings.prod.sandbox_payments_allowed
    log_level                = run.settings.prod.log_level
  }

  expect_failures = [var.services]
}

run "a_pause_of_no_step" {
  command = plan

  variables {
    paused_steps             = ["settlement"]
    protected                = run.settings.prod.protected
    step_instances_limit     = run.settings.prod.step_instances_limit
    databases                = run.settings.prod.databases
    services                 = run.settings.prod.services
    sandbox_payments_allowed = run.settings.prod.sandbox_payments_allowed
    log_level                = run.settings.prod.log_level
  }

  expect_failures = [var.paused_steps]
}

run "the_sandbox_where_it_is_not_allowed" {
  command = plan

  variables {
    payment_provider         = "sandbox"
    protected                = run.settings.prod.protected
    step_instances_limit     = run.settings.prod.step_instances_limit
    databases                = run.settings.prod.databases
    services                 = run.settings.prod.services
    sandbox_payments_allowed = run.settings.prod.sandbox_payments_allowed
    log_level                = run.settings.prod.log_level
  }

  expect_failures = [var.payment_provider]
}

run "no_payment_provider" {
  command = plan

  variables {
    payment_provider         = "none"
    protected                = run.settings.prod.protected
    step_instances_limit     = run.settings.prod.step_instances_limit
    databases                = run.settings.prod.databases
    services                 = run.settings.prod.services
    sandbox_payments_allowed = run.settings.prod.sandbox_payments_allowed
    log_level                = run.settings.prod.log_level
  }

  expect_failures = [var.payment_provider]
}
