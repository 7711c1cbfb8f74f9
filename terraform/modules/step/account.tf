# One account for each step, and what it may do. Nothing here is granted to anybody else.
resource "google_service_account" "step" {
  account_id   = "step-${var.name}"
  display_name = "Function ${var.step.function}"
}

locals {
  # Known while planning, which the resource's own attribute is not.
  account = "${google_service_account.step.account_id}@${var.project}.iam.gserviceaccount.com"
  member  = "serviceAccount:${local.account}"
}

resource "google_service_account_iam_member" "deployer" {
  service_account_id = google_service_account.step.name
  role               = "roles/iam.serviceAccountUser"
  member             = var.deployer
}

resource "google_pubsub_topic_iam_member" "publishes" {
  for_each = toset(var.step.publishes)

  topic  = var.topics[each.key]
  role   = "roles/pubsub.publisher"
  member = local.member
}

# Both roles end at an instance: without a condition they would open every one of the project.
resource "google_project_iam_member" "database" {
  for_each = { for pair in setproduct(keys(var.databases), ["roles/cloudsql.client", "roles/cloudsql.instanceUser"]) :
    join(" ", pair) => { instance = var.databases[pair[0]].instance, role = pair[1] }
  }

  project = var.project
  role    = each.value.role
  member  = local.member

  condition {
    title      = "only ${each.value.instance}"
    expression = "resource.name == 'projects/${var.project}/instances/${each.value.instance}' && resource.service == 'sqladmin.googleapis.com'"
  }
}

resource "google_sql_user" "step" {
  for_each = var.databases

  instance = each.value.instance
  name     = trimsuffix(local.account, ".gserviceaccount.com")
  type     = "CLOUD_IAM_SERVICE_ACCOUNT"

  # It goes with its instance: what a user owns keeps it from being dropped.
  deletion_policy = "ABANDON"
}

resource "google_project_iam_member" "firestore" {
  count = var.firestore == null ? 0 : 1

  project = var.project
  role    = var.firestore_role
  member  = local.member

  condition {
    title      = "only ${var.firestore}"
    expression = "resource.name == 'projects/${var.project}/databases/${var.firestore}'"
  }
}

resource "google_secret_manager_secret_iam_member" "mounted" {
  for_each = var.secrets

  secret_id = "projects/${var.project}/secrets/${each.key}"
  role      = "roles/secretmanager.secretAccessor"
  member    = local.member
}
