# What one address may ask for in a minute. A viewer who clicks as fast as anybody can stays far
# below; the limits are for programs.
locals {
  limits = {
    # Each try costs a password hash, and guesses passwords.
    100 = { what = "accounts and sign-ins", count = 20, expression = "request.method == 'POST' && request.path.matches('^/v1/(users|login|token)$')" }
    200 = { what = "everything", count = 600, expression = "true" }
  }
}

resource "google_compute_security_policy" "edge" {
  count = var.domain == "" ? 0 : 1

  name = "edge"

  dynamic "rule" {
    for_each = local.limits
    content {
      priority    = rule.key
      description = "${rule.value.count} a minute and address: ${rule.value.what}"
      action      = "throttle"

      match {
        expr {
          expression = rule.value.expression
        }
      }

      rate_limit_options {
        conform_action = "allow"
        exceed_action  = "deny(429)"
        enforce_on_key = "IP"
        rate_limit_threshold {
          count        = rule.value.count
          interval_sec = 60
        }
      }
    }
  }

  rule {
    priority    = 2147483647
    description = "default"
    action      = "allow"

    match {
      versioned_expr = "SRC_IPS_V1"
      config {
        src_ip_ranges = ["*"]
      }
    }
  }

  adaptive_protection_config {
    layer_7_ddos_defense_config {
      enable = true
    }
  }
}
