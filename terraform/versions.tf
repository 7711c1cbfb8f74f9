terraform {
  required_version = ">= 1.9"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 7.0"
    }
  }

  # The bucket is made by bootstrap/ and named at init:
  #   terraform init -backend-config=bucket=PROJECT-terraform
  backend "gcs" {
    prefix = "missionpot"
  }
}

provider "google" {
  project = var.project
  region  = var.region
}
