locals {
  # What Terraform makes, by the role it takes to make it.
  deploy_roles = toset([
    "roles/cloudfunctions.developer",
    "roles/cloudscheduler.admin",
    "roles/cloudsql.admin",
    "roles/compute.loadBalancerAdmin", # serverless network endpoint groups
    "roles/compute.networkAdmin",
    "roles/compute.securityAdmin", # firewall, certificate, rate limits
    "roles/iam.serviceAccountAdmin",
    "roles/logging.logWriter",
    "roles/monitoring.alertPolicyEditor",
    "roles/monitoring.dashboardEditor",
    "roles/monitoring.notificationChannelEditor",
    "roles/monitoring.uptimeCheckConfigEditor",
    "roles/pubsub.admin",
    "roles/run.admin",
    "roles/servicenetworking.networksAdmin",
    "roles/serviceusage.serviceUsageConsumer",
  ])
}

resource "google_project_iam_member" "deploy" {
  for_each = local.deploy_roles

  project = var.project
  role    = each.key
  member  = local.deploy
}

# A budget belongs to the billing account and not to the project.
resource "google_billing_account_iam_member" "deploy" {
  count = var.billing_account == "" ? 0 : 1

  billing_account_id = var.billing_account
  role               = "roles/billing.costsManager"
  member             = local.deploy
}

# It may hand out the programs' roles and no others, or it could make itself the owner.
resource "google_project_iam_member" "deploy_grants" {
  project = var.project
  role    = "roles/resourcemanager.projectIamAdmin"
  member  = local.deploy

  condition {
    title      = "only the programs' roles"
    expression = "api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly(${replace(jsonencode(sort(var.grantable_roles)), "\"", "'")})"
  }
}

# The predefined roles that make a Firestore database may read what is in it.
resource "google_project_iam_custom_role" "firestore" {
  role_id     = "firestoreStructure"
  title       = "Firestore: databases, indexes and backup schedules"
  description = "Makes and changes databases, indexes and backup schedules, without reading a document or a backup."
  permissions = [
    "datastore.backupSchedules.create", "datastore.backupSchedules.delete", "datastore.backupSchedules.get",
    "datastore.backupSchedules.list", "datastore.backupSchedules.update",
    "datastore.databases.create", "datastore.databases.delete", "datastore.databases.get",
    "datastore.databases.getMetadata", "datastore.databases.list", "datastore.databases.update",
    "datastore.indexes.create", "datastore.indexes.delete", "datastore.indexes.get",
    "datastore.indexes.list", "datastore.indexes.update",
    "datastore.operations.get", "datastore.operations.list",
  ]
}

resource "google_project_iam_member" "deploy_firestore" {
  project = var.project
  role    = "projects/${var.project}/roles/${google_project_iam_custom_role.firestore.role_id}"
  member  = local.deploy
}

# Nor need it read a secret to say who may.
resource "google_project_iam_custom_role" "secrets" {
  role_id     = "secretAccess"
  title       = "Secrets: who may read them"
  description = "Reads and sets a secret's policy, not its versions."
  permissions = ["secretmanager.secrets.get", "secretmanager.secrets.getIamPolicy", "secretmanager.secrets.setIamPolicy"]
}

resource "google_secret_manager_secret_iam_member" "deploy" {
  for_each = var.secrets

  secret_id = each.value
  role      = "projects/${var.project}/roles/${google_project_iam_custom_role.secrets.role_id}"
  member    = local.deploy
}

resource "google_storage_bucket_iam_member" "deploy" {
  for_each = {
    state     = { bucket = var.state_bucket, role = "roles/storage.objectUser" }
    source    = { bucket = google_storage_bucket.source.name, role = "roles/storage.objectViewer" }
    artefacts = { bucket = google_storage_bucket.artefacts.name, role = "roles/storage.objectViewer" }
  }

  bucket = each.value.bucket
  role   = each.value.role
  member = local.deploy
}

resource "google_artifact_registry_repository_iam_member" "deploy" {
  repository = google_artifact_registry_repository.images.repository_id
  location   = var.region
  role       = "roles/artifactregistry.reader"
  member     = local.deploy
}

# All that the build may do. It can make an object and never replace or delete one, so what was released
# once stays what it was.
resource "google_storage_bucket_iam_member" "build" {
  for_each = {
    source = { bucket = google_storage_bucket.source.name, role = "roles/storage.objectViewer" }
    read   = { bucket = google_storage_bucket.artefacts.name, role = "roles/storage.objectViewer" }
    create = { bucket = google_storage_bucket.artefacts.name, role = "roles/storage.objectCreator" }
  }

  bucket = each.value.bucket
  role   = each.value.role
  member = local.build
}

resource "google_project_iam_member" "build_logs" {
  project = var.project
  role    = "roles/logging.logWriter"
  member  = local.build
}

resource "google_artifact_registry_repository_iam_member" "writers" {
  for_each = { build = local.build, function_build = local.function_build }

  repository = google_artifact_registry_repository.images.repository_id
  location   = var.region
  role       = "roles/artifactregistry.writer"
  member     = each.value
}

resource "google_service_account_iam_member" "deploy_builds_functions" {
  service_account_id = google_service_account.function_build.name
  role               = "roles/iam.serviceAccountUser"
  member             = local.deploy
}

resource "google_project_iam_member" "function_build_logs" {
  project = var.project
  role    = "roles/logging.logWriter"
  member  = local.function_build
}

# Cloud Run functions copies the source to a bucket of its own, which is not there before the first
# function is.
resource "google_project_iam_member" "function_build_source" {
  project = var.project
  role    = "roles/storage.objectViewer"
  member  = local.function_build

  condition {
    title      = "only the functions' source"
    expression = "resource.name.startsWith('projects/_/buckets/gcf-v2-sources-${var.project_number}-${var.region}')"
  }
}
