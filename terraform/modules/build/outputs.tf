output "repository" {
  description = "Where images are pushed: HOST/PROJECT/REPOSITORY."
  value       = "${var.region}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.images.repository_id}"
}

output "buckets" {
  description = "Where trees are submitted, and where builds put what they made."
  value       = { source = google_storage_bucket.source.name, artefacts = google_storage_bucket.artefacts.name }
}

output "accounts" {
  description = "Accounts that build and that release, in the form Cloud Build wants them."
  value = { for name, account in { build = google_service_account.build, deploy = google_service_account.deploy } :
    name => "projects/${var.project}/serviceAccounts/${account.account_id}@${var.project}.iam.gserviceaccount.com"
  }
}

output "grants" {
  description = "Every grant made here, as {member, role, on}."
  value = concat(
    [for g in google_project_iam_member.deploy : { member = g.member, role = g.role, on = "project" }],
    [for g in [google_project_iam_member.deploy_grants, google_project_iam_member.function_build_source] : { member = g.member, role = g.role, on = "project, ${g.condition[0].title}" }],
    [for g in [google_project_iam_member.deploy_firestore, google_project_iam_member.function_build_logs, google_project_iam_member.build_logs] : { member = g.member, role = g.role, on = "project" }],
    [for g in google_billing_account_iam_member.deploy : { member = g.member, role = g.role, on = "billing account ${g.billing_account_id}" }],
    [for g in google_secret_manager_secret_iam_member.deploy : { member = g.member, role = g.role, on = "secret ${basename(g.secret_id)}" }],
    [for g in concat(values(google_storage_bucket_iam_member.deploy), values(google_storage_bucket_iam_member.build)) : { member = g.member, role = g.role, on = "bucket ${g.bucket}" }],
    [for g in [google_artifact_registry_repository_iam_member.deploy] : { member = g.member, role = g.role, on = "repository ${g.repository}" }],
    [for g in google_artifact_registry_repository_iam_member.writers : { member = g.member, role = g.role, on = "repository ${g.repository}" }],
    [{ member = google_service_account_iam_member.deploy_builds_functions.member, role = google_service_account_iam_member.deploy_builds_functions.role, on = "account function-build" }],
  )
}

output "conditions" {
  description = "What the conditional grants end at."
  value = {
    deploy         = google_project_iam_member.deploy_grants.condition[0].expression
    function_build = google_project_iam_member.function_build_source.condition[0].expression
  }
}
