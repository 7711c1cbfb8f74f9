# The first thing in an empty project. apply.sh runs it: the state can't lie in a bucket that is
# not there yet.
terraform {
  required_version = ">= 1.9"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 7.0"
    }
  }
}

provider "google" {
  project = var.project
  region  = var.region
}
