# What a restore needs that a release may not make: releases make no buckets. docs/operating/playbooks/restore.md
#
# The payment provider's statement is uploaded here by a person, and read by the job restore, which
# mounts the bucket. Nobody else reads it.
resource "google_storage_bucket" "statements" {
  name                        = "${var.project}-statements"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  # It says who charged how much. The ledger has that for ever.
  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      age = 30
    }
  }

  depends_on = [google_project_service.used]
}

# The job itself is there only while a release says so: terraform/restore.tf.
resource "google_service_account" "restore" {
  account_id   = "job-restore"
  display_name = "Restores of a database"

  depends_on = [google_project_service.used]
}

resource "google_storage_bucket_iam_member" "restore" {
  bucket = google_storage_bucket.statements.name
  role   = "roles/storage.objectViewer"
  member = "serviceAccount:${google_service_account.restore.account_id}@${var.project}.iam.gserviceaccount.com"

  depends_on = [google_project_service.used]
}
