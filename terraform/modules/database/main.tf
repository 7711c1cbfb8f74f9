# One Postgres on Cloud SQL: private, without passwords, backed up. Used twice, for the ledger
# (users) and for the missions.
resource "google_sql_database_instance" "this" {
  name                = var.settings.instance
  region              = var.region
  database_version    = "POSTGRES_17"
  deletion_protection = var.protected # against Terraform

  settings {
    edition                     = "ENTERPRISE" # the default for this version is Enterprise Plus, at twice the price
    tier                        = var.settings.tier
    availability_type           = var.settings.available_in_2_zones ? "REGIONAL" : "ZONAL"
    disk_type                   = "PD_SSD"
    disk_size                   = var.settings.disk_size
    disk_autoresize             = true
    disk_autoresize_limit       = var.settings.disk_limit
    deletion_protection_enabled = var.protected # against everybody else
    retain_backups_on_delete    = var.protected
    connector_enforcement       = "REQUIRED" # nobody gets in without a Google account and a client certificate
    user_labels                 = { database = var.key }

    ip_configuration {
      ipv4_enabled    = false
      private_network = var.network
      ssl_mode        = "TRUSTED_CLIENT_CERTIFICATE_REQUIRED"
    }

    backup_configuration {
      enabled                        = true
      start_time                     = "18:00" # UTC; 3 in the morning in Seoul
      location                       = var.region
      point_in_time_recovery_enabled = true
      transaction_log_retention_days = var.settings.log_days

      backup_retention_settings {
        retained_backups = var.settings.backups
        retention_unit   = "COUNT"
      }
    }

    maintenance_window {
      day          = 2 # Tuesday
      hour         = 19
      update_track = "stable"
    }

    insights_config {
      query_insights_enabled  = true
      query_plans_per_minute  = 5
      query_string_length     = 1024
      record_application_tags = true
      record_client_address   = false
    }

    dynamic "database_flags" {
      for_each = local.flags
      content {
        name  = database_flags.key
        value = database_flags.value
      }
    }
  }

  lifecycle {
    # It grows by itself.
    ignore_changes = [settings[0].disk_size]
  }
}

locals {
  flags = {
    "cloudsql.iam_authentication" = "on"
    "max_connections"             = tostring(var.settings.max_connections)
    # A session that forgot its transaction would hold wallets and keep vacuum from its work.
    "idle_in_transaction_session_timeout" = "60000" # milliseconds
    "log_lock_waits"                      = "on"
    # A log with the values of parameters in it would hold mail addresses. Postgres adds them to
    # statements that it logs, so it logs none; with an error it leaves them out by default.
    "log_min_duration_statement" = "-1"
    "log_statement"              = "none"
  }
}

resource "google_sql_database" "this" {
  name            = "missionpot"
  instance        = google_sql_database_instance.this.name
  deletion_policy = "ABANDON" # it goes with its instance or not at all
}
