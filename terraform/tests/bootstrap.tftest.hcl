# What is made before the first release: the state's bucket, the release's account, the secrets.
mock_provider "google" {}

run "bootstrap" {
  module {
    source = "./bootstrap"
  }

  assert {
    condition     = output.state.versioned && output.state.public == "enforced"
    error_message = "The state must be versioned and private."
  }
  assert {
    condition     = output.statements == { bucket = "missionpot-test-statements", public = "enforced", kept_days = 30 }
    error_message = "Statements of charges must be private, and not kept: ${jsonencode(output.statements)}"
  }
  assert {
    condition     = output.rotations == { token-keys = "7776000s", sendgrid-key = "15552000s" }
    error_message = "Every secret must be rotated: ${jsonencode(output.rotations)}"
  }
  assert {
    condition     = strcontains(output.conditions.deploy, "hasOnly(['projects/missionpot-test/roles/firestoreAppend','projects/missionpot-test/roles/firestoreCreate','projects/missionpot-test/roles/firestoreRedrive','roles/cloudsql.client','roles/cloudsql.instanceUser','roles/datastore.user','roles/datastore.viewer','roles/telemetry.metricsWriter','roles/telemetry.tracesWriter'])")
    error_message = "The release must grant the programs' roles only: ${output.conditions.deploy}"
  }
  assert {
    condition     = output.conditions.function_build == "resource.name.startsWith('projects/_/buckets/gcf-v2-sources-123456789012-asia-northeast3')"
    error_message = "The buildpack must see the functions' source only: ${output.conditions.function_build}"
  }
  assert {
    condition     = length([for g in output.grants : g if length(regexall("roles/(owner|editor|viewer) ", g)) > 0]) == 0
    error_message = "Nobody may be owner, editor or viewer of the project."
  }
}

run "custom_roles" {
  module {
    source = "./bootstrap"
  }

  assert {
    condition = jsonencode(output.custom_roles) == jsonencode({
      firestoreAppend  = ["datastore.databases.get", "datastore.entities.create", "datastore.entities.get", "datastore.entities.list"]
      firestoreCreate  = ["datastore.databases.get", "datastore.entities.create"]
      firestoreRedrive = ["datastore.databases.get", "datastore.entities.get", "datastore.entities.list", "datastore.entities.update"]
    })
    error_message = "Whoever appends to the bet log must not be able to change or delete an entry, and nobody may delete a dead letter: ${jsonencode(output.custom_roles)}"
  }
}

run "grants" {
  module {
    source = "./tests/difference"
  }

  variables {
    found = run.bootstrap.grants
    expected = [
      "builder roles/artifactregistry.writer repository missionpot",
      "builder roles/logging.logWriter project",
      "builder roles/storage.objectCreator bucket missionpot-test-artefacts",
      "builder roles/storage.objectViewer bucket missionpot-test-artefacts",
      "builder roles/storage.objectViewer bucket missionpot-test-source",
      "deploy roles/artifactregistry.reader repository missionpot",
      "deploy roles/cloudfunctions.developer project",
      "deploy roles/cloudscheduler.admin project",
      "deploy roles/cloudsql.admin project",
      "deploy roles/compute.loadBalancerAdmin project",
      "deploy roles/compute.networkAdmin project",
      "deploy roles/compute.securityAdmin project",
      "deploy roles/firestoreStructure project",
      "deploy roles/iam.serviceAccountAdmin project",
      "deploy roles/iam.serviceAccountUser account function-build",
      "deploy roles/logging.logWriter project",
      "deploy roles/monitoring.alertPolicyEditor project",
      "deploy roles/monitoring.dashboardEditor project",
      "deploy roles/monitoring.notificationChannelEditor project",
      "deploy roles/monitoring.uptimeCheckConfigEditor project",
      "deploy roles/pubsub.admin project",
      "deploy roles/resourcemanager.projectIamAdmin project, only the programs' roles",
      "deploy roles/run.admin project",
      "deploy roles/secretAccess secret sendgrid-key",
      "deploy roles/secretAccess secret token-keys",
      "deploy roles/servicenetworking.networksAdmin project",
      "deploy roles/serviceusage.serviceUsageConsumer project",
      "deploy roles/storage.objectUser bucket missionpot-test-terraform",
      "deploy roles/storage.objectViewer bucket missionpot-test-artefacts",
      "deploy roles/storage.objectViewer bucket missionpot-test-source",
      "function-build roles/artifactregistry.writer repository missionpot",
      "function-build roles/logging.logWriter project",
      "function-build roles/storage.objectViewer project, only the functions' source",
      "job-restore roles/storage.objectViewer bucket missionpot-test-statements",
      "service-123456789012@gcp-sa-secretmanager.iam.gserviceaccount.com roles/pubsub.publisher topic secret-rotation",
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

run "with_a_billing_account" {
  module {
    source = "./bootstrap"
  }

  variables {
    billing_account = "012345-6789AB-CDEF01"
  }

  assert {
    condition     = contains(output.grants, "deploy roles/billing.costsManager billing account 012345-6789AB-CDEF01")
    error_message = "The release can't make a budget: ${join("; ", output.grants)}"
  }
}
