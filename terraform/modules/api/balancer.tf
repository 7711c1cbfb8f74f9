# The load balancer, when a domain is given. It splits the one address between the two services and
# keeps a single client from taking everybody's place.
locals {
  balanced  = var.domain == "" ? toset([]) : toset(["api", "live", "candidate"])
  candidate = "candidate.${var.domain}"
  hosts     = [var.domain, local.candidate]
}

# "candidate" is the revision that a release tagged so and that has no traffic yet: the smoke test
# reaches it as candidate.DOMAIN.
resource "google_compute_region_network_endpoint_group" "service" {
  for_each = local.balanced

  name                  = each.key
  region                = var.region
  network_endpoint_type = "SERVERLESS"

  cloud_run {
    service = google_cloud_run_v2_service.service[each.key == "live" ? "live" : "api"].name
    tag     = each.key == "candidate" ? "candidate" : null
  }
}

resource "google_compute_backend_service" "service" {
  for_each = local.balanced

  name                  = each.key
  load_balancing_scheme = "EXTERNAL_MANAGED"
  protocol              = "HTTPS"
  security_policy       = google_compute_security_policy.edge[0].id

  backend {
    group = google_compute_region_network_endpoint_group.service[each.key].id
  }

  log_config {
    enable      = true
    sample_rate = 0.1
  }
}

resource "google_compute_url_map" "edge" {
  count = var.domain == "" ? 0 : 1

  name            = "edge"
  default_service = google_compute_backend_service.service["api"].id

  host_rule {
    hosts        = [var.domain]
    path_matcher = "public"
  }
  host_rule {
    hosts        = [local.candidate]
    path_matcher = "candidate"
  }

  path_matcher {
    name            = "public"
    default_service = google_compute_backend_service.service["api"].id

    # live answers in JSON too where that is what the client accepts.
    dynamic "route_rules" {
      for_each = { 1 = "/v1/missions/{id=*}/events", 2 = "/v1/streamers/{id=*}/events" }
      content {
        priority = route_rules.key
        service  = google_compute_backend_service.service["live"].id
        match_rules {
          path_template_match = route_rules.value
        }
      }
    }
  }

  path_matcher {
    name            = "candidate"
    default_service = google_compute_backend_service.service["candidate"].id
  }
}

resource "google_compute_managed_ssl_certificate" "edge" {
  count = var.domain == "" ? 0 : 1

  # Other domains need another certificate, made before the old one goes.
  name = "edge-${substr(sha256(join(",", local.hosts)), 0, 8)}"
  managed {
    domains = local.hosts
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "google_compute_ssl_policy" "edge" {
  count = var.domain == "" ? 0 : 1

  name            = "edge"
  profile         = "MODERN"
  min_tls_version = "TLS_1_2"
}

resource "google_compute_target_https_proxy" "edge" {
  count = var.domain == "" ? 0 : 1

  name             = "edge"
  url_map          = google_compute_url_map.edge[0].id
  ssl_certificates = [google_compute_managed_ssl_certificate.edge[0].id]
  ssl_policy       = google_compute_ssl_policy.edge[0].id
}

resource "google_compute_global_address" "edge" {
  count = var.domain == "" ? 0 : 1

  name = "edge"
}

resource "google_compute_global_forwarding_rule" "https" {
  count = var.domain == "" ? 0 : 1

  name                  = "edge-https"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  ip_address            = google_compute_global_address.edge[0].id
  port_range            = "443"
  target                = google_compute_target_https_proxy.edge[0].id
}

resource "google_compute_url_map" "to_https" {
  count = var.domain == "" ? 0 : 1

  name = "to-https"
  default_url_redirect {
    https_redirect         = true
    redirect_response_code = "MOVED_PERMANENTLY_DEFAULT"
    strip_query            = false
  }
}

resource "google_compute_target_http_proxy" "to_https" {
  count = var.domain == "" ? 0 : 1

  name    = "to-https"
  url_map = google_compute_url_map.to_https[0].id
}

resource "google_compute_global_forwarding_rule" "http" {
  count = var.domain == "" ? 0 : 1

  name                  = "edge-http"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  ip_address            = google_compute_global_address.edge[0].id
  port_range            = "80"
  target                = google_compute_target_http_proxy.to_https[0].id
}
