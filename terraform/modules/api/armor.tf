# What one address may ask for in a minute. An address may be a whole carrier's, so the limits lie
# above those of the API, which knows accounts and not only addresses; these are for programs. A call
# counts for the first rule that it matches, so a person who signs in does not use up the refreshes
# of others. A Go test compares the rules with the API's routes and limits.
locals {
  limits = {
    # Each try costs a password hash, sends a mail, or guesses a password or a code.
    100 = {
      what       = "passwords"
      count      = 300
      expression = "request.method != 'GET' && request.path.matches('^/v1/(login|password-resets(/redeem)?|users(/me(/password|/second-factor(/remove)?)?)?)$')"
    }
    # An app refreshes every 15 minutes: enough for 18,000 people behind one address.
    110 = { what = "refreshes", count = 1200, expression = "request.method == 'POST' && request.path.matches('^/v1/(token|logout)$')" }
    # A stream lasts up to an hour. How many are open at once is for the service to bound.
    120 = { what = "event streams", count = 600, expression = "request.path.matches('^/v1/(missions|streamers)/[^/]+/events$')" }
    200 = { what = "everything else", count = 6000, expression = "true" }
  }
}

resource "google_compute_security_policy" "edge" {
  count = var.domain == "" ? 0 : 1

  name = "edge"

  # The API reads /v1/%6Cogin as /v1/login, and the patterns below would not. No path of the API
  # needs a percent sign.
  rule {
    priority    = 50
    description = "no encoded paths"
    action      = "deny(404)"

    match {
      expr {
        expression = "request.path.contains('%')"
      }
    }
  }

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

  # It alerts only: to act by itself it needs Cloud Armor Enterprise.
  adaptive_protection_config {
    layer_7_ddos_defense_config {
      enable = true
    }
  }
}
