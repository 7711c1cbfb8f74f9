# One named Firestore database. Rights end at a database and not at a collection, so what different
# programs may read is kept in different ones.
resource "google_firestore_database" "this" {
  name                              = var.name
  location_id                       = var.region
  type                              = "FIRESTORE_NATIVE"
  database_edition                  = "STANDARD"
  point_in_time_recovery_enablement = "POINT_IN_TIME_RECOVERY_ENABLED" # seven days
  delete_protection_state           = var.protected ? "DELETE_PROTECTION_ENABLED" : "DELETE_PROTECTION_DISABLED"
  deletion_policy                   = var.protected ? "ABANDON" : "DELETE"
}

# Point-in-time recovery goes with its database. A backup stays when somebody with the right to do so
# has deleted that.
resource "google_firestore_backup_schedule" "daily" {
  count = var.protected ? 1 : 0

  database  = google_firestore_database.this.name
  retention = "2419200s" # four weeks

  daily_recurrence {}
}

resource "google_firestore_index" "this" {
  for_each = var.indexes

  database    = google_firestore_database.this.name
  collection  = each.value.collection
  query_scope = each.value.scope

  dynamic "fields" {
    for_each = each.value.fields
    content {
      field_path = fields.value.path
      order      = fields.value.order
    }
  }
}

# An empty index_config is an exemption: no single-field index at all.
resource "google_firestore_field" "unindexed" {
  for_each = { for pair in flatten([
    for collection, fields in var.unindexed : [for field in fields : { collection = collection, field = field }]
  ]) : "${pair.collection}.${pair.field}" => pair }

  database   = google_firestore_database.this.name
  collection = each.value.collection
  field      = each.value.field

  index_config {}
}
