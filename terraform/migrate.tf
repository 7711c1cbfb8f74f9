# The job that brings both schemas up to date. The release runs it before any new revision takes
# calls.
resource "google_service_account" "migrate" {
  account_id   = "job-migrate"
  display_name = "Migrations of both instances"
}

resource "google_service_account_iam_member" "migrate_deployer" {
  service_account_id = google_service_account.migrate.name
  role               = "roles/iam.serviceAccountUser"
  member             = local.deployer
}

resource "google_project_iam_member" "migrate" {
  for_each = local.database_roles

  project = var.project
  role    = each.value.role
  member  = "serviceAccount:${local.accounts.migrate}"

  condition {
    title      = "only ${each.value.instance}"
    expression = "resource.name == 'projects/${var.project}/instances/${each.value.instance}' && resource.service == 'sqladmin.googleapis.com'"
  }
}

# It owns the tables and gives the others what they need of them. They are no superusers.
resource "google_sql_user" "migrate" {
  for_each = module.database

  instance = each.value.connection.instance
  name     = trimsuffix(local.accounts.migrate, ".gserviceaccount.com")
  type     = "CLOUD_IAM_SERVICE_ACCOUNT"

  # It goes with its instance: what a user owns keeps it from being dropped.
  deletion_policy = "ABANDON"
  database_roles  = ["cloudsqlsuperuser"]
}

resource "google_cloud_run_v2_job" "migrate" {
  name                = "migrate"
  location            = var.region
  deletion_protection = false # it holds nothing

  template {
    template {
      service_account = local.accounts.migrate
      max_retries     = 1
      timeout         = "1800s"

      vpc_access {
        egress = "PRIVATE_RANGES_ONLY"
        network_interfaces {
          network    = module.network.egress.network
          subnetwork = module.network.egress.subnetwork
        }
      }

      containers {
        image = var.images.migrate

        dynamic "env" {
          for_each = merge(
            {
              LOG_LEVEL = var.log_level
              # Each program's user gets its own rights by table: migrations/rights.go.
              PROGRAM_USERS = join(",", [for program, account in local.programs : "${program}:${trimsuffix(account, ".gserviceaccount.com")}"])
              # Cloud SQL makes every person's user a member of it. A person is no user until somebody
              # makes them one, in an emergency.
              GRANTED_ROLES = "cloudsqliamuser"
            },
            { for key, d in module.database : "${upper(key)}_INSTANCE" => d.connection.connection_name },
            { for key, d in module.database : "${upper(key)}_DATABASE_URL" =>
              "postgres://${urlencode(google_sql_user.migrate[key].name)}@127.0.0.1/${d.connection.name}?sslmode=disable"
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

  depends_on = [google_project_iam_member.migrate, google_service_account_iam_member.migrate_deployer]
}
