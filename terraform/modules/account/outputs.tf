output "email" {
  value = local.email
}

output "name" {
  description = "The account as a resource that others are granted rights on: projects/P/serviceAccounts/E-MAIL."
  value       = local.name
}

output "database_settings" {
  description = "Environment variables that let a program of this account connect to its instances."
  value = merge([for key, database in var.databases : {
    "${upper(key)}_INSTANCE"     = database.connection_name
    "${upper(key)}_DATABASE_URL" = "postgres://${urlencode(google_sql_user.this[key].name)}@127.0.0.1/${database.name}?sslmode=disable"
  }]...)
}

output "grants" {
  description = "Every grant made here, as {member, role, on}."
  value = concat(
    [for g in google_service_account_iam_member.deployer : { member = g.member, role = g.role, on = "account ${var.name}" }],
    [for g in google_project_iam_member.database : { member = g.member, role = g.role, on = regex("'projects/[^/]+/([^']+)'", g.condition[0].expression)[0] }],
    [for g in google_project_iam_member.firestore : { member = g.member, role = g.role, on = regex("'projects/[^/]+/([^']+)'", g.condition[0].expression)[0] }],
    [for g in google_pubsub_topic_iam_member.publishes : { member = g.member, role = g.role, on = "topic ${basename(g.topic)}" }],
    [for g in google_secret_manager_secret_iam_member.mounted : { member = g.member, role = g.role, on = "secret ${basename(g.secret_id)}" }],
  )
}
