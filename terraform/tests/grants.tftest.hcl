# Who may do what, the whole of it. A grant that is not in this list fails, and so does one that is
# missing. Whoever adds one adds it here, where a reviewer sees it.
mock_provider "google" {}

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
}

run "grants" {
  module {
    source = "./tests/difference"
  }

  variables {
    found = run.prod.grants
    expected = [
      "deploy roles/iam.serviceAccountUser account job-migrate",
      "deploy roles/iam.serviceAccountUser account job-operator",
      "deploy roles/iam.serviceAccountUser account job-smoke",
      "deploy roles/iam.serviceAccountUser account pubsub-push",
      "deploy roles/iam.serviceAccountUser account scheduler",
      "deploy roles/iam.serviceAccountUser account service-api",
      "deploy roles/iam.serviceAccountUser account service-live",
      "deploy roles/iam.serviceAccountUser account step-checkbooks",
      "deploy roles/iam.serviceAccountUser account step-closemission",
      "deploy roles/iam.serviceAccountUser account step-growpot",
      "deploy roles/iam.serviceAccountUser account step-holdbets",
      "deploy roles/iam.serviceAccountUser account step-keepdeadletter",
      "deploy roles/iam.serviceAccountUser account step-sendmail",
      "deploy roles/iam.serviceAccountUser account step-settlemission",
      "deploy roles/iam.serviceAccountUser account step-sweepbets",
      "deploy roles/iam.serviceAccountUser account step-sweepmissions",
      "job-migrate roles/cloudsql.client instances/missions",
      "job-migrate roles/cloudsql.client instances/users",
      "job-migrate roles/cloudsql.instanceUser instances/missions",
      "job-migrate roles/cloudsql.instanceUser instances/users",
      "job-operator roles/cloudsql.client instances/missions",
      "job-operator roles/cloudsql.client instances/users",
      "job-operator roles/cloudsql.instanceUser instances/missions",
      "job-operator roles/cloudsql.instanceUser instances/users",
      "job-operator roles/datastore.viewer databases/bet-log",
      "job-operator roles/firestoreRedrive databases/dead-letters",
      "job-operator roles/pubsub.publisher topic bets",
      "job-operator roles/pubsub.publisher topic pots",
      "job-operator roles/pubsub.publisher topic settlements",
      "job-operator roles/pubsub.publisher topic ticks",
      "job-operator roles/pubsub.publisher topic verdicts",
      "pubsub-push roles/run.invoker service checkbooks",
      "pubsub-push roles/run.invoker service closemission",
      "pubsub-push roles/run.invoker service growpot",
      "pubsub-push roles/run.invoker service holdbets",
      "pubsub-push roles/run.invoker service keepdeadletter",
      "pubsub-push roles/run.invoker service sendmail",
      "pubsub-push roles/run.invoker service settlemission",
      "pubsub-push roles/run.invoker service sweepbets",
      "pubsub-push roles/run.invoker service sweepmissions",
      "scheduler roles/pubsub.publisher topic ticks",
      "service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com roles/iam.serviceAccountOpenIdTokenCreator account pubsub-push",
      "service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com roles/pubsub.publisher topic checkbooks-dead",
      "service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com roles/pubsub.publisher topic closemission-dead",
      "service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com roles/pubsub.publisher topic growpot-dead",
      "service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com roles/pubsub.publisher topic holdbets-dead",
      "service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com roles/pubsub.publisher topic sendmail-dead",
      "service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com roles/pubsub.publisher topic settlemission-dead",
      "service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com roles/pubsub.publisher topic sweepbets-dead",
      "service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com roles/pubsub.publisher topic sweepmissions-dead",
      "service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com roles/pubsub.subscriber subscription checkbooks-ticks",
      "service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com roles/pubsub.subscriber subscription closemission-settlements",
      "service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com roles/pubsub.subscriber subscription growpot-pots",
      "service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com roles/pubsub.subscriber subscription holdbets-bets",
      "service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com roles/pubsub.subscriber subscription sendmail-settlements",
      "service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com roles/pubsub.subscriber subscription sendmail-ticks",
      "service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com roles/pubsub.subscriber subscription settlemission-verdicts",
      "service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com roles/pubsub.subscriber subscription sweepbets-ticks",
      "service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com roles/pubsub.subscriber subscription sweepmissions-ticks",
      "service-api roles/cloudsql.client instances/missions",
      "service-api roles/cloudsql.client instances/users",
      "service-api roles/cloudsql.instanceUser instances/missions",
      "service-api roles/cloudsql.instanceUser instances/users",
      "service-api roles/datastore.user databases/board",
      "service-api roles/firestoreAppend databases/bet-log",
      "service-api roles/firestoreRedrive databases/dead-letters",
      "service-api roles/pubsub.publisher topic bets",
      "service-api roles/pubsub.publisher topic pots",
      "service-api roles/pubsub.publisher topic settlements",
      "service-api roles/pubsub.publisher topic ticks",
      "service-api roles/pubsub.publisher topic verdicts",
      "service-api roles/secretmanager.secretAccessor secret token-keys",
      "service-api roles/telemetry.metricsWriter project",
      "service-api roles/telemetry.tracesWriter project",
      "service-live roles/cloudsql.client instances/missions",
      "service-live roles/cloudsql.client instances/users",
      "service-live roles/cloudsql.instanceUser instances/missions",
      "service-live roles/cloudsql.instanceUser instances/users",
      "service-live roles/datastore.viewer databases/board",
      "service-live roles/telemetry.metricsWriter project",
      "service-live roles/telemetry.tracesWriter project",
      "step-checkbooks roles/cloudsql.client instances/missions",
      "step-checkbooks roles/cloudsql.client instances/users",
      "step-checkbooks roles/cloudsql.instanceUser instances/missions",
      "step-checkbooks roles/cloudsql.instanceUser instances/users",
      "step-checkbooks roles/datastore.viewer databases/bet-log",
      "step-checkbooks roles/telemetry.metricsWriter project",
      "step-checkbooks roles/telemetry.tracesWriter project",
      "step-closemission roles/cloudsql.client instances/missions",
      "step-closemission roles/cloudsql.instanceUser instances/missions",
      "step-closemission roles/datastore.user databases/board",
      "step-closemission roles/telemetry.metricsWriter project",
      "step-closemission roles/telemetry.tracesWriter project",
      "step-growpot roles/cloudsql.client instances/missions",
      "step-growpot roles/cloudsql.instanceUser instances/missions",
      "step-growpot roles/datastore.user databases/board",
      "step-growpot roles/pubsub.publisher topic verdicts",
      "step-growpot roles/telemetry.metricsWriter project",
      "step-growpot roles/telemetry.tracesWriter project",
      "step-holdbets roles/cloudsql.client instances/users",
      "step-holdbets roles/cloudsql.instanceUser instances/users",
      "step-holdbets roles/pubsub.publisher topic pots",
      "step-holdbets roles/telemetry.metricsWriter project",
      "step-holdbets roles/telemetry.tracesWriter project",
      "step-keepdeadletter roles/firestoreCreate databases/dead-letters",
      "step-keepdeadletter roles/telemetry.metricsWriter project",
      "step-keepdeadletter roles/telemetry.tracesWriter project",
      "step-sendmail roles/cloudsql.client instances/users",
      "step-sendmail roles/cloudsql.instanceUser instances/users",
      "step-sendmail roles/secretmanager.secretAccessor secret sendgrid-key",
      "step-sendmail roles/telemetry.metricsWriter project",
      "step-sendmail roles/telemetry.tracesWriter project",
      "step-settlemission roles/cloudsql.client instances/users",
      "step-settlemission roles/cloudsql.instanceUser instances/users",
      "step-settlemission roles/pubsub.publisher topic settlements",
      "step-settlemission roles/telemetry.metricsWriter project",
      "step-settlemission roles/telemetry.tracesWriter project",
      "step-sweepbets roles/cloudsql.client instances/users",
      "step-sweepbets roles/cloudsql.instanceUser instances/users",
      "step-sweepbets roles/datastore.viewer databases/bet-log",
      "step-sweepbets roles/pubsub.publisher topic bets",
      "step-sweepbets roles/pubsub.publisher topic pots",
      "step-sweepbets roles/telemetry.metricsWriter project",
      "step-sweepbets roles/telemetry.tracesWriter project",
      "step-sweepmissions roles/cloudsql.client instances/missions",
      "step-sweepmissions roles/cloudsql.instanceUser instances/missions",
      "step-sweepmissions roles/datastore.user databases/board",
      "step-sweepmissions roles/pubsub.publisher topic verdicts",
      "step-sweepmissions roles/telemetry.metricsWriter project",
      "step-sweepmissions roles/telemetry.tracesWriter project",
    ]
  }

  assert {
    condition     = length(output.more) == 0
    error_message = "Granted, but not listed here: ${join("; ", output.more)}"
  }
  assert {
    condition     = length(output.less) == 0
    error_message = "Listed here, but not granted: ${join("; ", output.less)}"
  }
}

run "bootstrap" {
  module {
    source = "./bootstrap"
  }
}

# The release may grant on the project what is in this list of bootstrap's, and no more.
run "grantable" {
  module {
    source = "./tests/difference"
  }

  variables {
    found    = distinct([for g in run.prod.grants : split(" ", g)[1] if length(regexall(" (instances/|databases/|project$)", g)) > 0])
    expected = run.bootstrap.grantable_roles
  }

  assert {
    condition     = length(output.more) == 0
    error_message = "The release may not grant these, so its apply would fail: ${join("; ", output.more)}"
  }
  assert {
    condition     = length(output.less) == 0
    error_message = "The release may grant these, but has no need to: ${join("; ", output.less)}"
  }
}
