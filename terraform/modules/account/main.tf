# An account and what it may do. Nothing here is granted to anybody else.
resource "google_service_account" "this" {
  count = var.existing ? 0 : 1

  account_id   = var.name
  display_name = var.display_name
}

locals {
  # Known while planning, which the resource's own attributes are not.
  email  = "${var.existing ? var.name : google_service_account.this[0].account_id}@${var.project}.iam.gserviceaccount.com"
  member = "serviceAccount:${local.email}"
  name   = var.existing ? "projects/${var.project}/serviceAccounts/${local.email}" : google_service_account.this[0].name

  database_roles = { for pair in setproduct(keys(var.databases), ["roles/cloudsql.client", "roles/cloudsql.instanceUser"]) :
    join(" ", pair) => { instance = var.databases[pair[0]].instance, role = pair[1] }
  }
}

resource "google_service_account_iam_member" "deployer" {
  count = var.enabled ? 1 : 0

  service_account_id = local.name
  role               = "roles/iam.serviceAccountUser"
  member             = var.deployer
}

# Both roles end at an instance: without a condition they would open every one of the project.
resource "google_project_iam_member" "database" {
  for_each = var.enabled ? local.database_roles : {}

  project = var.project
  role    = each.value.role
  member  = local.member

  condition {
    title      = "only ${each.value.instance}"
    expression = "resource.name == 'projects/${var.project}/instances/${each.value.instance}' && resource.service == 'sqladmin.googleapis.com'"
  }
}

# What it may do to which table is in migrations/rights.go.
resource "google_sql_user" "this" {
  for_each = var.databases

  instance       = each.value.instance
  name           = trimsuffix(local.email, ".gserviceaccount.com")
  type           = "CLOUD_IAM_SERVICE_ACCOUNT"
  database_roles = var.database_roles

  # It goes with its instance: what a user owns or may do keeps it from being dropped.
  deletion_policy = "ABANDON"
}

resource "google_project_iam_member" "firestore" {
  for_each = var.enabled ? var.firestore : {}

  project = var.project
  role    = each.value.role
  member  = local.member

  condition {
    title      = "only ${each.value.database}"
    expression = "resource.name == 'projects/${var.project}/databases/${each.value.database}'"
  }
}

resource "google_pubsub_topic_iam_member" "publishes" {
  for_each = var.enabled ? var.topics : {}

  topic  = each.value
  role   = "roles/pubsub.publisher"
  member = local.member
}

resource "google_secret_manager_secret_iam_member" "mounted" {
  for_each = var.enabled ? var.secrets : []

  secret_id = "projects/${var.project}/secrets/${each.key}"
  role      = "roles/secretmanager.secretAccessor"
  member    = local.member
}
