# The clock of the sweeps. An HTTP target, because a Pub/Sub target would publish as Google's own
# scheduler agent, whose role lets it publish to every topic of the project.
resource "google_service_account" "scheduler" {
  account_id   = "scheduler"
  display_name = "Ticks from Cloud Scheduler"
}

resource "google_pubsub_topic_iam_member" "scheduler" {
  topic  = google_pubsub_topic.pipeline["ticks"].name
  role   = "roles/pubsub.publisher"
  member = "serviceAccount:${local.accounts.scheduler}"
}

resource "google_service_account_iam_member" "scheduler_deployer" {
  service_account_id = google_service_account.scheduler.name
  role               = "roles/iam.serviceAccountUser"
  member             = local.deployer
}

resource "google_cloud_scheduler_job" "tick" {
  name        = "tick"
  description = "Wakes the sweeps and the mails"
  schedule    = "* * * * *" # the shortest period there is
  time_zone   = "Etc/UTC"
  region      = var.region

  # A tick that was missed is worth nothing: the next one does its work.
  attempt_deadline = "30s"
  retry_config {
    retry_count = 0
  }

  http_target {
    http_method = "POST"
    uri         = "https://pubsub.googleapis.com/v1/projects/${var.project}/topics/${google_pubsub_topic.pipeline["ticks"].name}:publish"
    headers     = { "Content-Type" = "application/json" }
    body = base64encode(jsonencode({
      messages = [{ data = base64encode("{}"), attributes = { type = "tick" } }]
    }))

    oauth_token {
      service_account_email = local.accounts.scheduler
      scope                 = "https://www.googleapis.com/auth/pubsub"
    }
  }

  depends_on = [google_pubsub_topic_iam_member.scheduler, google_service_account_iam_member.scheduler_deployer]
}
