#!/usr/bin/env bash
# apply.sh PROJECT REGION: makes what a release needs in an empty project. It may be run again at
# any time, from any machine: its state moves into the bucket that it makes. With
# TF_VAR_billing_account the release may make a budget there; a run without it takes the right away.
set -euo pipefail
project=${1:?usage: apply.sh PROJECT REGION} region=${2:?usage: apply.sh PROJECT REGION}
cd "$(dirname "$0")"

number=$(gcloud projects describe "$project" --format='value(projectNumber)')
# A service that was just enabled may still answer that it is not. What Terraform calls first is
# enabled here, minutes before it is used.
gcloud services enable cloudresourcemanager.googleapis.com serviceusage.googleapis.com iam.googleapis.com \
  pubsub.googleapis.com secretmanager.googleapis.com sqladmin.googleapis.com storage.googleapis.com --project="$project"
# Google makes a service's own account on demand, and a grant to an account that is not there is refused.
for service in pubsub secretmanager sqladmin; do
  gcloud beta services identity create --service="$service.googleapis.com" --project="$project"
done

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
