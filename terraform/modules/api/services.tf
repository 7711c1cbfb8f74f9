locals {
  # A stream may last as long as Cloud Run lets it; a call that waits for its outcome ends after a minute.
  timeouts = { api = "60s", live = "3600s" }

  memory = { for name, service in var.services : name => tonumber(regex("^[0-9]+", service.memory)) * (endswith(service.memory, "Gi") ? 1024 : 1) }
  # As for the steps: what a call leaves behind is little and gone at once. The streams of live stay, and need what they have.
  collector = {
    api  = { GOGC = "1000", GOMEMLIMIT = "${floor(local.memory["api"] / 2)}MiB" }
    live = {}
  }
}

resource "google_cloud_run_v2_service" "service" {
  for_each = var.services

  name                = each.key
  location            = var.region
  deletion_protection = var.protected

  # With a domain, everybody comes through the load balancer and its rate limits.
  ingress              = var.domain == "" ? "INGRESS_TRAFFIC_ALL" : "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"
  default_uri_disabled = var.domain != ""

  # The API checks its callers itself. A grant to everybody would do too, but organisations forbid it.
  invoker_iam_disabled = true

  # Of all revisions together, so that a release never opens more connections than Postgres has.
  scaling {
    min_instance_count = each.value.min_instances
    max_instance_count = each.value.max_instances
  }

  template {
    service_account                  = module.account[each.key].email
    max_instance_request_concurrency = each.value.concurrency
    timeout                          = local.timeouts[each.key]

    scaling {
      max_instance_count = each.value.max_instances
    }

    vpc_access {
      egress = "PRIVATE_RANGES_ONLY"
      network_interfaces {
        network    = var.network.network
        subnetwork = var.network.subnetwork
      }
    }

    containers {
      image = var.image

      resources {
        limits            = { cpu = each.value.cpu, memory = each.value.memory }
        cpu_idle          = each.value.min_instances == 0
        startup_cpu_boost = true
      }

      dynamic "env" {
        for_each = merge(local.environment, local.collector[each.key], module.account[each.key].database_settings, var.environment[each.key])
        content {
          name  = env.key
          value = env.value
        }
      }

      dynamic "volume_mounts" {
        for_each = var.secrets[each.key]
        content {
          name       = volume_mounts.value
          mount_path = "/secrets/${volume_mounts.value}"
        }
      }

      # An instance gets no call before it has reached both databases. The program's own limit is 3
      # seconds. A grant made a moment ago takes minutes to hold, so the first instance waits for as
      # long as Cloud Run lets it: 240 seconds. While it runs only a process that hangs is restarted: a restart repairs no database.
      startup_probe {
        period_seconds    = 5
        timeout_seconds   = 4
        failure_threshold = 48
        http_get {
          path = "/readyz"
        }
      }
      liveness_probe {
        period_seconds    = 10
        timeout_seconds   = 4
        failure_threshold = 3
        http_get {
          path = "/healthz"
        }
      }
    }

    dynamic "volumes" {
      for_each = var.secrets[each.key]
      content {
        name = volumes.value
        secret {
          secret = volumes.value
          items {
            version = "latest"
            path    = "value"
          }
        }
      }
    }
  }

  traffic {
    type    = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
    percent = 100
  }

  # A release brings a new image and moves the traffic, by tag and in parts. Terraform makes the
  # first revision and must not undo what releases do. gcloud writes a label of its own into the
  # template. The revision's name is not ignored: a changed template under an old name is refused.
  lifecycle {
    ignore_changes = [client, client_version, template[0].containers[0].image, template[0].labels, traffic]
  }

  depends_on = [module.account]
}

locals {
  environment = {
    GOOGLE_CLOUD_PROJECT  = var.project
    FIRESTORE_DATABASE    = var.firestore.log
    BOARD_DATABASE        = var.firestore.board
    DEAD_LETTERS_DATABASE = var.firestore.dead_letters
    LOG_LEVEL             = var.log_level
    # Google's front end appends whom it talks to; the load balancer appends that and itself.
    TRUSTED_HOPS = var.domain == "" ? "1" : "2"
    CORS_ORIGINS = join(",", var.cors_origins)
  }
}
