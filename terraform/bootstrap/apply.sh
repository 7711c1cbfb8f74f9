#!/usr/bin/env bash
# apply.sh PROJECT REGION: makes what a release needs in an empty project. It may be run again at
# any time, from any machine: its state moves into the bucket that it makes.
set -euo pipefail
project=${1:?usage: apply.sh PROJECT REGION} region=${2:?usage: apply.sh PROJECT REGION}
cd "$(dirname "$0")"

number=$(gcloud projects describe "$project" --format='value(projectNumber)')
# Terraform needs these two to do anything, and a secret's rotation needs Secret Manager's own account.
gcloud services enable cloudresourcemanager.googleapis.com serviceusage.googleapis.com secretmanager.googleapis.com --project="$project"
gcloud beta services identity create --service=secretmanager.googleapis.com --project="$project"

bucket=$project-terraform
remote() {
  printf 'terraform {\n  backend "gcs" {\n    prefix = "bootstrap"\n  }\n}\n' >backend_override.tf
  terraform init -input=false -migrate-state -force-copy -backend-config="bucket=$bucket"
}
rm -f backend_override.tf
if gcloud storage buckets describe "gs://$bucket" --project="$project" >/dev/null 2>&1; then
  remote
else
  terraform init -input=false
fi
terraform apply -var="project=$project" -var="project_number=$number" -var="region=$region"
[ -f backend_override.tf ] || remote
