output "accounts" {
  description = "E-mail of each service's account."
  value       = { for name, account in module.account : name => account.email }
}

output "addresses" {
  description = "Where each service answers."
  value = var.domain == "" ? { for name, s in google_cloud_run_v2_service.service : name => s.uri } : {
    for name in keys(google_cloud_run_v2_service.service) : name => "https://${var.domain}"
  }
}

output "ip_address" {
  description = "What the domain's A records must hold, or null."
  value       = one(google_compute_global_address.edge[*].address)
}

output "services" {
  description = "The services as made, for the tests and for monitoring."
  value = { for name, s in google_cloud_run_v2_service.service : name => {
    name          = s.name
    protected     = s.deletion_protection
    ingress       = s.ingress
    run_app       = !s.default_uri_disabled
    open          = s.invoker_iam_disabled
    min_instances = s.scaling[0].min_instance_count
    max_instances = s.scaling[0].max_instance_count
    concurrency   = s.template[0].max_instance_request_concurrency
    timeout       = s.template[0].timeout
    egress        = s.template[0].vpc_access[0].egress
    startup       = s.template[0].containers[0].startup_probe[0].http_get[0].path
    startup_limit = s.template[0].containers[0].startup_probe[0].period_seconds * s.template[0].containers[0].startup_probe[0].failure_threshold
    liveness      = s.template[0].containers[0].liveness_probe[0].http_get[0].path
    environment   = { for e in s.template[0].containers[0].env : e.name => e.value }
    secrets       = { for v in s.template[0].volumes : v.name => v.secret[0].secret }
  } }
}

output "edge" {
  description = "The load balancer as made, or null."
  value = var.domain == "" ? null : {
    hosts     = google_compute_managed_ssl_certificate.edge[0].managed[0].domains
    tls       = google_compute_ssl_policy.edge[0].min_tls_version
    plain     = google_compute_url_map.to_https[0].default_url_redirect[0].https_redirect
    limits    = { for r in google_compute_security_policy.edge[0].rule : r.priority => { action = r.action, count = try(r.rate_limit_options[0].rate_limit_threshold[0].count, null) } }
    protected = [for b in google_compute_backend_service.service : b.security_policy == google_compute_security_policy.edge[0].id]
    live      = [for r in one([for p in google_compute_url_map.edge[0].path_matcher : p if p.name == "public"]).route_rules : r.match_rules[0].path_template_match]
  }
}

output "grants" {
  description = "Every grant made here, as {member, role, on}."
  value       = flatten([for account in module.account : account.grants])
}
