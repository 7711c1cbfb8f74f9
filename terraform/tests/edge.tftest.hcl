# The load balancer, with a domain and without.
mock_provider "google" {}

run "settings" {
  module {
    source = "./tests/settings"
  }
}

run "without_a_domain" {
  variables {
    protected                = run.settings.prod.protected
    step_instances_limit     = run.settings.prod.step_instances_limit
    databases                = run.settings.prod.databases
    services                 = run.settings.prod.services
    sandbox_payments_allowed = run.settings.prod.sandbox_payments_allowed
    log_level                = run.settings.prod.log_level
  }

  assert {
    condition     = output.edge == null && output.ip_address == null
    error_message = "There is no domain, but a load balancer was made."
  }
  assert {
    condition     = alltrue([for s in values(output.services) : s.ingress == "INGRESS_TRAFFIC_ALL" && s.run_app])
    error_message = "Without a load balancer the services must answer on their own addresses."
  }
}

run "with_a_domain" {
  variables {
    domain                   = "pot.example.com"
    protected                = run.settings.prod.protected
    step_instances_limit     = run.settings.prod.step_instances_limit
    databases                = run.settings.prod.databases
    services                 = run.settings.prod.services
    sandbox_payments_allowed = run.settings.prod.sandbox_payments_allowed
    log_level                = run.settings.prod.log_level
  }

  assert {
    condition     = alltrue([for s in values(output.services) : s.ingress == "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER" && !s.run_app])
    error_message = "A way around the load balancer is a way around its limits."
  }
  assert {
    condition     = tolist(output.edge.hosts) == tolist(["pot.example.com", "candidate.pot.example.com"])
    error_message = "The certificate must name the domain and the candidate's: ${jsonencode(output.edge.hosts)}"
  }
  assert {
    condition     = output.edge.tls == "TLS_1_2" && output.edge.plain
    error_message = "TLS older than 1.2 must be refused, and plain HTTP sent to HTTPS."
  }
  assert {
    condition     = length(output.edge.protected) == 3 && alltrue(output.edge.protected)
    error_message = "Every backend must stand behind the security policy."
  }
  assert {
    condition = (
      output.edge.limits["50"].action == "deny(404)"
      && output.edge.limits["100"] == { action = "throttle", count = 300 } && output.edge.limits["110"] == { action = "throttle", count = 1200 }
      && output.edge.limits["120"] == { action = "throttle", count = 600 } && output.edge.limits["200"] == { action = "throttle", count = 6000 }
      && output.edge.limits["2147483647"].action == "allow"
    )
    error_message = "The limits are ${jsonencode(output.edge.limits)}"
  }
  assert {
    condition     = toset(output.edge.live) == toset(["/v1/missions/{id=*}/events", "/v1/streamers/{id=*}/events"])
    error_message = "Event streams must go to live: ${jsonencode(output.edge.live)}"
  }
  assert {
    condition     = output.addresses == { api = "https://pot.example.com", live = "https://pot.example.com" }
    error_message = "The addresses are ${jsonencode(output.addresses)}"
  }
  assert {
    condition     = output.services["api"].environment["TOKEN_ISSUER"] == "https://pot.example.com"
    error_message = "Tokens must say where they come from."
  }
}
