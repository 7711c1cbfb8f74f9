# The job of a restore: the program `operator` with the commands `restore …`. Like a service and the
# steps together it writes wallets and the ledger, so it is there only while var.restoring is true:
# without that there is no job, and its account can reach neither instance, nor Firestore.
#
# The account and the bucket with the payment provider's statement are made by bootstrap/, and its
# users in Postgres stay: a user with rights on tables can't be deleted. docs/playbooks/restore.md
resource "google_service_account_iam_member" "restore_deployer" {
  count = var.restoring ? 1 : 0

  service_account_id = "projects/${var.project}/serviceAccounts/${local.accounts.restore}"
  role               = "roles/iam.serviceAccountUser"
  member             = local.deployer
}

resource "google_project_iam_member" "restore_database" {
  for_each = var.restoring ? local.database_roles : {}

  project = var.project
  role    = each.value.role
  member  = "serviceAccount:${local.accounts.restore}"

  condition {
    title      = "only ${each.value.instance}"
    expression = "resource.name == 'projects/${var.project}/instances/${each.value.instance}' && resource.service == 'sqladmin.googleapis.com'"
  }
}

# It adds entries to the bet log and never changes one; the board it writes anew.
resource "google_project_iam_member" "restore_firestore" {
  for_each = var.restoring ? { log = local.append, board = "roles/datastore.user" } : {}

  project = var.project
  role    = each.value
  member  = "serviceAccount:${local.accounts.restore}"

  condition {
    title      = "only ${module.firestore[each.key].name}"
    expression = "resource.name == 'projects/${var.project}/databases/${module.firestore[each.key].name}'"
  }
}

# What it may do to which table is in migrations/rights.go.
resource "google_sql_user" "restore" {
  for_each = module.database

  instance = each.value.connection.instance
  name     = trimsuffix(local.accounts.restore, ".gserviceaccount.com")
  type     = "CLOUD_IAM_SERVICE_ACCOUNT"

  # It goes with its instance: what a user may do keeps it from being dropped.
  deletion_policy = "ABANDON"
}

resource "google_cloud_run_v2_job" "restore" {
  count = var.restoring ? 1 : 0

  name                = "restore"
  location            = var.region
  deletion_protection = false # it holds nothing

  template {
    template {
      service_account = local.accounts.restore
      max_retries     = 0        # a person is watching, and may repeat it
      timeout         = "86400s" # run/operator gives up before

      vpc_access {
        egress = "PRIVATE_RANGES_ONLY"
        network_interfaces {
          network    = module.network.egress.network
          subnetwork = module.network.egress.subnetwork
        }
      }

      # What the payment provider's statement is uploaded to.
      volumes {
        name = "statements"
        gcs {
          bucket    = "${var.project}-statements"
          read_only = true
        }
      }

      containers {
        image = var.images.operator

        volume_mounts {
          name       = "statements"
          mount_path = "/statements"
        }

        dynamic "env" {
          for_each = merge(
            {
              GOOGLE_CLOUD_PROJECT = var.project
              FIRESTORE_DATABASE   = module.firestore["log"].name
              BOARD_DATABASE       = module.firestore["board"].name
            },
            { for key, d in module.database : "${upper(key)}_INSTANCE" => d.connection.connection_name },
            { for key, d in module.database : "${upper(key)}_DATABASE_URL" =>
              "postgres://${urlencode(google_sql_user.restore[key].name)}@127.0.0.1/${d.connection.name}?sslmode=disable"
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

  depends_on = [google_project_iam_member.restore_database, google_service_account_iam_member.restore_deployer]
}
