output "connection" {
  description = "What a program needs to connect."
  value = {
    key             = var.key
    instance        = google_sql_database_instance.this.name
    connection_name = google_sql_database_instance.this.connection_name
    name            = google_sql_database.this.name
  }
}

output "instance" {
  description = "The instance as made, for the tests and for monitoring."
  value = {
    name           = google_sql_database_instance.this.name
    network        = google_sql_database_instance.this.settings[0].ip_configuration[0].private_network
    version        = google_sql_database_instance.this.database_version
    protected      = google_sql_database_instance.this.deletion_protection
    public_address = google_sql_database_instance.this.settings[0].ip_configuration[0].ipv4_enabled
    ssl_mode       = google_sql_database_instance.this.settings[0].ip_configuration[0].ssl_mode
    connectors     = google_sql_database_instance.this.settings[0].connector_enforcement
    edition        = google_sql_database_instance.this.settings[0].edition
    availability   = google_sql_database_instance.this.settings[0].availability_type
    delete_guard   = google_sql_database_instance.this.settings[0].deletion_protection_enabled
    backup         = one(google_sql_database_instance.this.settings[0].backup_configuration)
    insights       = one(google_sql_database_instance.this.settings[0].insights_config)
    flags          = { for f in google_sql_database_instance.this.settings[0].database_flags : f.name => f.value }
  }
}
