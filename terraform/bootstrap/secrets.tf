# The secrets' places. Their values come from people and programs, by
#
#   gcloud secrets versions add ID --data-file=-
#
# and never pass through Terraform: what does is in its state for ever. They are made here because a
# revision that mounts a secret does not start before the secret has a version.
locals {
  secrets = {
    # The JWK set that signs access tokens. A rotation puts a new key first and keeps the old one
    # until its tokens have run out.
    token-keys   = { rotation_days = 90 }
    sendgrid-key = { rotation_days = 180 }
  }
}

resource "google_secret_manager_secret" "this" {
  for_each = local.secrets

  secret_id           = each.key
  deletion_protection = true
  version_destroy_ttl = "604800s" # a version destroyed by mistake can be had back for a week

  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }

  topics {
    name = "projects/${var.project}/topics/${google_pubsub_topic.rotation.name}"
  }

  # Secret Manager only says that it is time.
  rotation {
    rotation_period    = "${each.value.rotation_days * 24 * 60 * 60}s"
    next_rotation_time = timeadd(plantimestamp(), "${each.value.rotation_days * 24}h")
  }

  lifecycle {
    ignore_changes = [rotation[0].next_rotation_time] # moved on by each rotation
  }

  depends_on = [google_pubsub_topic_iam_member.rotation]
}

resource "google_pubsub_topic" "rotation" {
  name = "secret-rotation"

  depends_on = [google_project_service.used]
}

resource "google_pubsub_topic_iam_member" "rotation" {
  topic  = google_pubsub_topic.rotation.name
  role   = "roles/pubsub.publisher"
  member = "serviceAccount:service-${var.project_number}@gcp-sa-secretmanager.iam.gserviceaccount.com"
}

# A rotation that is due waits here until somebody has done it and acknowledges it. The release makes
# an alert on what waits; docs/operating/playbooks/key-rotation.md says what to do.
resource "google_pubsub_subscription" "rotation" {
  name                       = "secret-rotation-due"
  topic                      = google_pubsub_topic.rotation.id
  message_retention_duration = "2678400s" # 31 days, the longest there is
  ack_deadline_seconds       = 600

  expiration_policy {
    ttl = "" # never
  }
}
