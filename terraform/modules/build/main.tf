# What a release needs to be there before it: who builds and who applies, where images and source lie.
# It is part of bootstrap/ because the first release could not make it.
resource "google_artifact_registry_repository" "images" {
  repository_id = "missionpot"
  location      = var.region
  format        = "DOCKER"
  description   = "Images of the services and of the built functions"

  docker_config {
    immutable_tags = false # the functions' buildpack moves its own tag "latest"
  }

  # What runs is far younger than that, or among the last ten.
  cleanup_policies {
    id     = "old"
    action = "DELETE"
    condition {
      older_than = "7776000s" # 90 days
    }
  }
  cleanup_policies {
    id     = "recent"
    action = "KEEP"
    most_recent_versions {
      keep_count = 10
    }
  }
}

# Trees that people submit to builds. Nobody else writes here.
resource "google_storage_bucket" "source" {
  name                        = "${var.project}-source"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      age = 30
    }
  }
}

# What builds make: zips of the functions' source, named by what is in them, and a manifest for each
# commit. A function's source is read when it is made; older ones are for going back.
resource "google_storage_bucket" "artefacts" {
  name                        = "${var.project}-artefacts"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  # A manifest goes before the images that it names. The commit can be built again then.
  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      age            = 85
      matches_prefix = ["releases/"]
    }
  }
  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      age            = 365
      matches_prefix = ["functions/"]
    }
  }
}

# Tests and builds. The code of every dependency runs as this account, so it can write artefacts and logs.
resource "google_service_account" "build" {
  account_id   = "builder"
  display_name = "Cloud Build's tests and images"
}

# Plans, applies, moves the traffic. It may change grants, so it runs gcloud and Terraform only.
resource "google_service_account" "deploy" {
  account_id   = "deploy"
  display_name = "Cloud Build's release"
}

# Runs the buildpack on the functions' source, and nothing else: code from outside runs in a build,
# and must not run as the account that may change everything.
resource "google_service_account" "function_build" {
  account_id   = "function-build"
  display_name = "Buildpack of the functions"
}

locals {
  build          = "serviceAccount:${google_service_account.build.account_id}@${var.project}.iam.gserviceaccount.com"
  deploy         = "serviceAccount:${google_service_account.deploy.account_id}@${var.project}.iam.gserviceaccount.com"
  function_build = "serviceAccount:${google_service_account.function_build.account_id}@${var.project}.iam.gserviceaccount.com"
}
