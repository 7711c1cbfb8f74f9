# The job behind the program `operator`: who is one, dead letters while the API is away, the check of
# the books and the switch to exit-only mode. The instances have no public address, so it runs where
# they are. Only a person starts it, by name and with arguments; Cloud Run's audit log records who.
# Restores are another job: restore.tf.
resource "google_service_account" "operator" {
  account_id   = "job-operator"
  display_name = "The program operator"
}

resource "google_service_account_iam_member" "operator_deployer" {
  service_account_id = google_service_account.operator.name
  role               = "roles/iam.serviceAccountUser"
  member             = local.deployer
}

resource "google_project_iam_member" "operator_database" {
  for_each = local.database_roles

  project = var.project
  role    = each.value.role
  member  = "serviceAccount:${local.accounts.operator}"

  condition {
    title      = "only ${each.value.instance}"
    expression = "resource.name == 'projects/${var.project}/instances/${each.value.instance}' && resource.service == 'sqladmin.googleapis.com'"
  }
}

# The check of the books reads the bet log. A dead letter that is sent again is marked.
resource "google_project_iam_member" "operator_firestore" {
  for_each = { log = "roles/datastore.viewer", letters = local.redrive }

  project = var.project
  role    = each.value
  member  = "serviceAccount:${local.accounts.operator}"

  condition {
    title      = "only ${module.firestore[each.key].name}"
    expression = "resource.name == 'projects/${var.project}/databases/${module.firestore[each.key].name}'"
  }
}

resource "google_pubsub_topic_iam_member" "operator_publishes" {
  for_each = google_pubsub_topic.pipeline

  topic  = each.value.name
  role   = "roles/pubsub.publisher"
  member = "serviceAccount:${local.accounts.operator}"
}

resource "google_sql_user" "operator" {
  for_each = module.database

  instance = each.value.connection.instance
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
      max_retries     = 0       # a person is watching
      timeout         = "3600s" # a check of the whole books takes longest; run/operator gives up before

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
          for_each = merge(
            {
              GOOGLE_CLOUD_PROJECT = var.project
              FIRESTORE_DATABASE   = module.firestore["log"].name
              LETTERS_DATABASE     = module.firestore["letters"].name
            },
            { for key, d in module.database : "${upper(key)}_INSTANCE" => d.connection.connection_name },
            { for key, d in module.database : "${upper(key)}_DATABASE_URL" =>
              "postgres://${urlencode(google_sql_user.operator[key].name)}@127.0.0.1/${d.connection.name}?sslmode=disable"
            },
          )
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
