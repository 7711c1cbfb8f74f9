module "account" {
  source = "../account"

  name           = "job-${var.name}"
  display_name   = var.display_name
  existing       = var.existing_account
  enabled        = var.enabled
  project        = var.project
  deployer       = var.deployer
  databases      = var.databases
  database_roles = var.database_roles
  firestore      = var.firestore
  topics         = var.topics
}

resource "google_cloud_run_v2_job" "this" {
  count = var.enabled ? 1 : 0

  name                = var.name
  location            = var.region
  deletion_protection = false # it holds nothing

  template {
    template {
      service_account = module.account.email
      max_retries     = var.max_retries
      timeout         = "${var.timeout}s"

      # Only the way to Cloud SQL's private addresses goes through the network.
      dynamic "vpc_access" {
        for_each = length(var.databases) == 0 ? [] : [var.network]
        content {
          egress = "PRIVATE_RANGES_ONLY"
          network_interfaces {
            network    = vpc_access.value.network
            subnetwork = vpc_access.value.subnetwork
          }
        }
      }

      dynamic "volumes" {
        for_each = var.buckets
        content {
          name = volumes.key
          gcs {
            bucket    = volumes.value
            read_only = true
          }
        }
      }

      containers {
        image = var.image

        dynamic "volume_mounts" {
          for_each = var.buckets
          content {
            name       = volume_mounts.key
            mount_path = "/${volume_mounts.key}"
          }
        }

        dynamic "env" {
          for_each = merge(var.environment, module.account.database_settings)
          content {
            name  = env.key
            value = env.value
          }
        }
      }
    }
  }

  # A job does not start without what its account is granted.
  depends_on = [module.account]
}
