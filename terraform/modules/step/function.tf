locals {
  # In MiB.
  memory = tonumber(regex("^[0-9]+", var.step.memory)) * (endswith(var.step.memory, "Gi") ? 1024 : 1)
}

resource "google_cloudfunctions2_function" "step" {
  name        = var.name
  location    = var.region
  description = "Step ${var.name} of the pipeline"

  build_config {
    runtime           = "go126"
    entry_point       = var.step.function
    service_account   = "projects/${var.project}/serviceAccounts/${var.builder}"
    docker_repository = var.repository

    # Google fixes the base image without a deployment.
    automatic_update_policy {}

    source {
      storage_source {
        bucket = var.source_archive.bucket
        object = var.source_archive.object
      }
    }
  }

  service_config {
    service_account_email            = module.account.email
    available_cpu                    = var.step.cpu
    available_memory                 = var.step.memory
    max_instance_count               = var.step.max_instances
    min_instance_count               = 0
    max_instance_request_concurrency = var.step.concurrency
    timeout_seconds                  = var.step.timeout
    all_traffic_on_latest_revision   = true

    # Pushes of the project's own Pub/Sub count as internal.
    ingress_settings = "ALLOW_INTERNAL_ONLY"

    # Only the way to Cloud SQL's private address goes through the network.
    direct_vpc_egress = length(var.databases) == 0 ? null : "VPC_EGRESS_PRIVATE_RANGES_ONLY"
    dynamic "direct_vpc_network_interface" {
      for_each = length(var.databases) == 0 ? [] : [var.network]
      content {
        network    = direct_vpc_network_interface.value.network
        subnetwork = direct_vpc_network_interface.value.subnetwork
      }
    }

    environment_variables = merge(
      { GOOGLE_CLOUD_PROJECT = var.project, LOG_LEVEL = var.log_level, PUSH_ACCOUNT = var.push_account },
      # The invoker binding below has the front end check each push's token; it removes the signature then.
      { PUSH_TOKENS = "front-end" },
      # What is live is a few megabytes: without this, garbage is collected several times a second.
      { GOGC = "1000", GOMEMLIMIT = "${floor(local.memory / 2)}MiB" },
      var.firestore == null ? {} : { FIRESTORE_DATABASE = var.firestore },
      module.account.database_settings,
      var.environment,
    )

    dynamic "secret_volumes" {
      for_each = var.secrets
      content {
        project_id = var.project
        secret     = secret_volumes.value
        mount_path = "/secrets/${secret_volumes.value}"
        versions {
          version = "latest"
          path    = "value"
        }
      }
    }
  }

  # A revision does not start without what its account is granted.
  depends_on = [module.account]

  lifecycle {
    precondition {
      condition     = alltrue([for s in values(var.step.subscriptions) : s.handler < var.step.timeout && var.step.timeout < s.ack_deadline])
      error_message = "Step ${var.name}: the handler must give up before the service does, and the service before Pub/Sub delivers again."
    }
  }
}

# A binding, not a member: whoever else was granted this loses it again.
resource "google_cloud_run_v2_service_iam_binding" "invoker" {
  name     = google_cloudfunctions2_function.step.name
  location = var.region
  role     = "roles/run.invoker"
  members  = ["serviceAccount:${var.push_account}"]
}
