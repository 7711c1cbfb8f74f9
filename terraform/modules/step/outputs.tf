output "account" {
  description = "E-mail of the step's account."
  value       = module.account.email
}

output "function" {
  description = "The function as deployed."
  value = {
    name        = google_cloudfunctions2_function.step.name
    uri         = local.uri
    entry_point = google_cloudfunctions2_function.step.build_config[0].entry_point
    account     = google_cloudfunctions2_function.step.service_config[0].service_account_email
    timeout     = google_cloudfunctions2_function.step.service_config[0].timeout_seconds
    instances   = google_cloudfunctions2_function.step.service_config[0].max_instance_count
    concurrency = google_cloudfunctions2_function.step.service_config[0].max_instance_request_concurrency
    ingress     = google_cloudfunctions2_function.step.service_config[0].ingress_settings
    egress      = google_cloudfunctions2_function.step.service_config[0].direct_vpc_egress
    trigger     = try(length(google_cloudfunctions2_function.step.event_trigger), 0)
  }
}

output "uri" {
  description = "Where Pub/Sub pushes to."
  value       = local.uri
}

output "dead_topic" {
  description = "Id of the step's dead-letter topic, or null."
  value       = local.dead_topic
}

output "subscriptions" {
  description = "The step's subscriptions, by topic."
  value = { for topic, s in google_pubsub_subscription.step : topic => {
    name         = s.name
    topic        = s.topic
    ack_deadline = s.ack_deadline_seconds
    expires      = s.expiration_policy[0].ttl
    paused       = length(s.push_config) == 0
    endpoint     = one(s.push_config[*].push_endpoint)
    push_account = one(s.push_config[*].oidc_token[0].service_account_email)
    audience     = one(s.push_config[*].oidc_token[0].audience)
    dead_topic   = s.dead_letter_policy[0].dead_letter_topic
    attempts     = s.dead_letter_policy[0].max_delivery_attempts
    min_backoff  = s.retry_policy[0].minimum_backoff
    max_backoff  = s.retry_policy[0].maximum_backoff
    retention    = s.message_retention_duration
    # Pub/Sub's own two grants, without which the policy does nothing.
    dead_grants = {
      publisher  = "${google_pubsub_topic_iam_member.dead[0].member} ${google_pubsub_topic_iam_member.dead[0].role} ${google_pubsub_topic_iam_member.dead[0].topic}"
      subscriber = "${google_pubsub_subscription_iam_member.dead[topic].member} ${google_pubsub_subscription_iam_member.dead[topic].role} ${google_pubsub_subscription_iam_member.dead[topic].subscription}"
    }
  } }
}

output "settings" {
  description = "The function's environment variables. No secret is among them: those are mounted."
  value       = google_cloudfunctions2_function.step.service_config[0].environment_variables
}

output "grants" {
  description = "Every grant made here, as {member, role, on}."
  value = concat(
    module.account.grants,
    [for g in google_pubsub_topic_iam_member.dead : { member = g.member, role = g.role, on = "topic ${g.topic}" }],
    [for g in google_pubsub_subscription_iam_member.dead : { member = g.member, role = g.role, on = "subscription ${g.subscription}" }],
    [for member in google_cloud_run_v2_service_iam_binding.invoker.members : {
      member = member, role = google_cloud_run_v2_service_iam_binding.invoker.role, on = "service ${google_cloud_run_v2_service_iam_binding.invoker.name}"
    }],
  )
}
