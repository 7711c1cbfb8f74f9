# A step that is paused keeps its subscription, its dead letters and its rights.
mock_provider "google" {}

variables {
  project        = "missionpot-test"
  project_number = "123456789012"
  region         = "asia-northeast3"
  images = {
    api      = "r.example/api@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    migrate  = "r.example/migrate@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
    operator = "r.example/operator@sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
    smoke    = "r.example/smoke@sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
  }
  source_archive   = { bucket = "missionpot-test-artefacts", object = "functions.zip" }
  mail_from        = "Missionpot <pot@example.com>"
  payment_provider = "another" # prod is planned as it will be with one
}

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
