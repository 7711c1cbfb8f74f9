# The calls and the streams have an account each: whoever watches writes nothing.
resource "google_service_account" "service" {
  for_each = var.services

  account_id   = "service-${each.key}"
  display_name = "Cloud Run service ${each.key}"
}

locals {
  # Known while planning, which the resource's own attribute is not.
  accounts = { for name, a in google_service_account.service : name => "${a.account_id}@${var.project}.iam.gserviceaccount.com" }
  members  = { for name, account in local.accounts : name => "serviceAccount:${account}" }

  database_roles = { for pair in setproduct(keys(var.services), keys(var.databases), ["roles/cloudsql.client", "roles/cloudsql.instanceUser"]) :
    join(" ", pair) => { service = pair[0], instance = var.databases[pair[1]].instance, role = pair[2] }
  }
  database_users = { for pair in setproduct(keys(var.services), keys(var.databases)) :
    join(" ", pair) => { service = pair[0], instance = var.databases[pair[1]].instance }
  }
  firestore_roles = merge([for service, roles in var.firestore_roles : {
    for database, role in roles : "${service} ${database}" => { service = service, database = var.firestore[database], role = role }
  }]...)
  topics = merge([for service, topics in var.topics : {
    for name, topic in topics : "${service} ${name}" => { service = service, topic = topic }
  }]...)
  secrets = merge([for service, secrets in var.secrets : {
    for secret in secrets : "${service} ${secret}" => { service = service, secret = secret }
  }]...)
}

resource "google_service_account_iam_member" "deployer" {
  for_each = google_service_account.service

  service_account_id = each.value.name
  role               = "roles/iam.serviceAccountUser"
  member             = var.deployer
}

resource "google_project_iam_member" "database" {
  for_each = local.database_roles

  project = var.project
  role    = each.value.role
  member  = local.members[each.value.service]

  condition {
    title      = "only ${each.value.instance}"
    expression = "resource.name == 'projects/${var.project}/instances/${each.value.instance}' && resource.service == 'sqladmin.googleapis.com'"
  }
}

resource "google_sql_user" "service" {
  for_each = local.database_users

  instance = each.value.instance
  name     = trimsuffix(local.accounts[each.value.service], ".gserviceaccount.com")
  type     = "CLOUD_IAM_SERVICE_ACCOUNT"

  # It goes with its instance: what a user owns keeps it from being dropped.
  deletion_policy = "ABANDON"
}

resource "google_project_iam_member" "firestore" {
  for_each = local.firestore_roles

  project = var.project
  role    = each.value.role
  member  = local.members[each.value.service]

  condition {
    title      = "only ${each.value.database}"
    expression = "resource.name == 'projects/${var.project}/databases/${each.value.database}'"
  }
}

resource "google_pubsub_topic_iam_member" "publishes" {
  for_each = local.topics

  topic  = each.value.topic
  role   = "roles/pubsub.publisher"
  member = local.members[each.value.service]
}

resource "google_secret_manager_secret_iam_member" "mounted" {
  for_each = local.secrets

  secret_id = "projects/${var.project}/secrets/${each.value.secret}"
  role      = "roles/secretmanager.secretAccessor"
  member    = local.members[each.value.service]
}
