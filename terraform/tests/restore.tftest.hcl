# The job restore and what its account may do are there during a restore only.
mock_provider "google" {}

run "settings" {
  module {
    source = "./tests/settings"
  }
}

run "usual" {
  variables {
    protected                = run.settings.prod.protected
    step_instances_limit     = run.settings.prod.step_instances_limit
    databases                = run.settings.prod.databases
    services                 = run.settings.prod.services
    sandbox_payments_allowed = run.settings.prod.sandbox_payments_allowed
    log_level                = run.settings.prod.log_level
  }

  assert {
    condition     = output.restore == null
    error_message = "Without a restore there must be no job restore: ${jsonencode(output.restore)}"
  }
}

run "restoring" {
  variables {
    restoring                = true
    protected                = run.settings.prod.protected
    step_instances_limit     = run.settings.prod.step_instances_limit
    databases                = run.settings.prod.databases
    services                 = run.settings.prod.services
    sandbox_payments_allowed = run.settings.prod.sandbox_payments_allowed
    log_level                = run.settings.prod.log_level
  }

  assert {
    condition = output.restore == {
      account    = "job-restore@missionpot-test.iam.gserviceaccount.com"
      image      = var.images.operator
      statements = "missionpot-test-statements"
      read_only  = true
      mounted_at = "/statements"
    }
    error_message = "The job restore must be the program operator, with the statements mounted to be read: ${jsonencode(output.restore)}"
  }
  assert {
    condition     = alltrue([for key, c in output.connections : c.needed == run.usual.connections[key].needed + 2 && c.needed <= c.allowed])
    error_message = "The connections of the job restore must be counted: ${jsonencode(output.connections)}"
  }
}

run "grants_of_a_restore" {
  module {
    source = "./tests/difference"
  }

  variables {
    found = setsubtract(run.restoring.grants, run.usual.grants)
    expected = [
      "deploy roles/iam.serviceAccountUser account job-restore",
      "job-restore roles/cloudsql.client instances/missions",
      "job-restore roles/cloudsql.client instances/users",
      "job-restore roles/cloudsql.instanceUser instances/missions",
      "job-restore roles/cloudsql.instanceUser instances/users",
      "job-restore roles/datastore.user databases/board",
      "job-restore roles/firestoreAppend databases/bet-log",
    ]
  }

  assert {
    condition     = length(output.more) == 0
    error_message = "Granted during a restore, but not listed here: ${join("; ", output.more)}"
  }
  assert {
    condition     = length(output.less) == 0
    error_message = "Listed here, but not granted during a restore: ${join("; ", output.less)}"
  }
}
