# The job behind the command `operator`: who is one, and dead letters while the API is away. The
# instances have no public address, so it runs where they are. Nobody but a person starts it, by
# name and with arguments; Cloud Run's audit log says who. It leaves the missions instance alone.
resource "google_service_account" "operator" {
  account_id   = "job-operator"
  display_name = "The command operator"
}

resource "google_service_account_iam_member" "operator_deployer" {
  service_account_id = google_service_account.operator.name
  role               = "roles/iam.serviceAccountUser"
  member             = local.deployer
}

resource "google_project_iam_member" "operator_database" {
  for_each = toset(["roles/cloudsql.client", "roles/cloudsql.instanceUser"])

  project = var.project
  role    = each.value
  member  = "serviceAccount:${local.accounts.operator}"

  condition {
    title      = "only ${module.database["users"].connection.instance}"
    expression = "resource.name == 'projects/${var.project}/instances/${module.database["users"].connection.instance}' && resource.service == 'sqladmin.googleapis.com'"
  }
}

resource "google_project_iam_member" "operator_letters" {
  project = var.project
  role    = local.redrive
  member  = "serviceAccount:${local.accounts.operator}"

  condition {
    title      = "only ${module.firestore["letters"].name}"
    expression = "resource.name == 'projects/${var.project}/databases/${module.firestore["letters"].name}'"
  }
}

resource "google_pubsub_topic_iam_member" "operator_publishes" {
  for_each = google_pubsub_topic.pipeline

  topic  = each.value.name
  role   = "roles/pubsub.publisher"
  member = "serviceAccount:${local.accounts.operator}"
}

resource "google_sql_user" "operator" {
  instance = module.database["users"].connection.instance
  name     = trimsuffix(local.accounts.operator, ".gserviceaccount.com")
  type     = "CLOUD_IAM_SERVICE_ACCOUNT"

  # It goes with its instance: what a user owns keeps it from being dropped.
  deletion_policy = "ABANDON"
}

resource "google_cloud_run_v2_job" "operator" {
  name                = "operator"
  location            = var.region
  deletion_protection = false # it holds nothing

  template {
    template {
      service_account = local.accounts.operator
      max_retries     = 0 # a person is watching
      timeout         = "120s"

      vpc_access {
        egress = "PRIVATE_RANGES_ONLY"
        network_interfaces {
          network    = module.network.egress.network
          subnetwork = module.network.egress.subnetwork
        }
      }

      containers {
        image = var.images.operator

        dynamic "env" {
          for_each = {
            GOOGLE_CLOUD_PROJECT = var.project
            LETTERS_DATABASE     = module.firestore["letters"].name
            USERS_INSTANCE       = module.database["users"].connection.connection_name
            USERS_DATABASE_URL   = "postgres://${urlencode(google_sql_user.operator.name)}@127.0.0.1/${module.database["users"].connection.name}?sslmode=disable"
          }
          content {
            name  = env.key
            value = env.value
          }
        }
      }
    }
  }

  depends_on = [google_project_iam_member.operator_database, google_service_account_iam_member.operator_deployer]
}
