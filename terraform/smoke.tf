# The job that plays a mission on a new revision, from outside like any client. The release gives it the
# addresses. Its account may do nothing.
resource "google_service_account" "smoke" {
  account_id   = "job-smoke"
  display_name = "The smoke test of a release"
}

resource "google_service_account_iam_member" "smoke_deployer" {
  service_account_id = google_service_account.smoke.name
  role               = "roles/iam.serviceAccountUser"
  member             = local.deployer
}

resource "google_cloud_run_v2_job" "smoke" {
  name                = "smoke"
  location            = var.region
  deletion_protection = false # it holds nothing

  template {
    template {
      service_account = local.accounts.smoke
      max_retries     = 0 # a failure ends the release
      timeout         = "3600s"

      containers {
        image = var.images.smoke
      }
    }
  }

  depends_on = [google_service_account_iam_member.smoke_deployer]
}
