# The clock of the sweeps. An HTTP target, because a Pub/Sub target would publish as Google's own
# scheduler agent, whose role lets it publish to every topic of the project.
module "scheduler" {
  source = "./modules/account"

  name         = "scheduler"
  display_name = "Ticks from Cloud Scheduler"
  project      = var.project
  deployer     = local.deployer
  topics       = { ticks = local.topic_ids["ticks"] }
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
    uri         = "https://pubsub.googleapis.com/v1/${local.topic_ids["ticks"]}:publish"
    headers     = { "Content-Type" = "application/json" }
    body = base64encode(jsonencode({
      messages = [{ data = base64encode("{}"), attributes = { type = "tick" } }]
    }))

    oauth_token {
      service_account_email = module.scheduler.email
      scope                 = "https://www.googleapis.com/auth/pubsub"
    }
  }

  depends_on = [module.scheduler]
}
