output "state_bucket" {
  value = google_storage_bucket.state.name
}

output "repository" {
  value = module.build.repository
}

output "buckets" {
  value = module.build.buckets
}

output "build_accounts" {
  value = module.build.accounts
}

output "grantable_roles" {
  description = "Roles the release may grant on the project, as the grants table writes them."
  value       = [for role in local.grantable_roles : replace(role, "projects/${var.project}/", "")]
}

output "conditions" {
  value = module.build.conditions
}

output "rotations" {
  description = "How often each secret is due, in seconds."
  value       = { for id, secret in google_secret_manager_secret.this : id => secret.rotation[0].rotation_period }
}

output "statements" {
  description = "How the payment provider's statements are kept, for the tests."
  value = {
    bucket    = google_storage_bucket.statements.name
    public    = google_storage_bucket.statements.public_access_prevention
    kept_days = one([for c in google_storage_bucket.statements.lifecycle_rule[0].condition : c.age])
  }
}

output "state" {
  description = "How the state is kept, for the tests."
  value = {
    versioned = google_storage_bucket.state.versioning[0].enabled
    public    = google_storage_bucket.state.public_access_prevention
  }
}

output "grants" {
  description = "Every grant of this configuration: member role on resource."
  value = sort([for g in concat(module.build.grants, [
    { member = google_pubsub_topic_iam_member.rotation.member, role = google_pubsub_topic_iam_member.rotation.role, on = "topic ${google_pubsub_topic_iam_member.rotation.topic}" },
    { member = google_storage_bucket_iam_member.restore.member, role = google_storage_bucket_iam_member.restore.role, on = "bucket ${google_storage_bucket_iam_member.restore.bucket}" },
    ]) :
    "${trimsuffix(trimprefix(g.member, "serviceAccount:"), "@${var.project}.iam.gserviceaccount.com")} ${replace(g.role, "projects/${var.project}/", "")} ${g.on}"
  ])
}

output "custom_roles" {
  description = "Permissions of the programs' own roles, for the tests."
  value = { for role in [google_project_iam_custom_role.append, google_project_iam_custom_role.create, google_project_iam_custom_role.redrive] :
    role.role_id => sort(role.permissions)
  }
}
