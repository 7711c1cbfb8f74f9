resource "google_project_service" "used" {
  for_each = toset([
    "artifactregistry.googleapis.com",
    "billingbudgets.googleapis.com",
    "cloudbuild.googleapis.com",
    "cloudfunctions.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "cloudscheduler.googleapis.com",
    "compute.googleapis.com",
    "firestore.googleapis.com",
    "iam.googleapis.com",
    "iamcredentials.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "pubsub.googleapis.com",
    "run.googleapis.com",
    "secretmanager.googleapis.com",
    "servicenetworking.googleapis.com",
    "sqladmin.googleapis.com",
    "storage.googleapis.com",
    "telemetry.googleapis.com",
  ])

  service            = each.key
  disable_on_destroy = false
}

# Every version of the state is kept for a while: it is the way back from a wrong apply.
resource "google_storage_bucket" "state" {
  name                        = "${var.project}-terraform"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false # with a state in it, it stays

  versioning {
    enabled = true
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      num_newer_versions = 100
      with_state         = "ARCHIVED"
    }
  }

  depends_on = [google_project_service.used]
}

module "build" {
  source = "../modules/build"

  project         = var.project
  project_number  = var.project_number
  region          = var.region
  state_bucket    = google_storage_bucket.state.name
  secrets         = { for id, secret in google_secret_manager_secret.this : id => "projects/${var.project}/secrets/${secret.secret_id}" }
  grantable_roles = local.grantable_roles
  billing_account = var.billing_account

  depends_on = [google_project_service.used]
}

locals {
  # A test compares them with the grants of the main configuration.
  grantable_roles = toset([
    "roles/cloudsql.client",
    "roles/cloudsql.instanceUser",
    "roles/datastore.user",
    "roles/datastore.viewer",
    "roles/telemetry.metricsWriter",
    "roles/telemetry.tracesWriter",
    "projects/${var.project}/roles/${google_project_iam_custom_role.append.role_id}",
    "projects/${var.project}/roles/${google_project_iam_custom_role.create.role_id}",
    "projects/${var.project}/roles/${google_project_iam_custom_role.redrive.role_id}",
  ])
}
