# A step that is paused keeps its subscription, its dead letters and its rights.
mock_provider "google" {}

run "settings" {
  module {
    source = "./tests/settings"
  }
}

run "a_paused_step" {
  variables {
    paused_steps             = ["settlemission"]
    protected                = run.settings.prod.protected
    step_instances_limit     = run.settings.prod.step_instances_limit
    databases                = run.settings.prod.databases
    services                 = run.settings.prod.services
    sandbox_payments_allowed = run.settings.prod.sandbox_payments_allowed
    log_level                = run.settings.prod.log_level
  }

  assert {
    condition     = toset([for name, s in output.steps : name if length([for sub in values(s.subscriptions) : sub if sub.paused]) > 0]) == toset(["settlemission"])
    error_message = "Only the step that is paused must wait."
  }
}
