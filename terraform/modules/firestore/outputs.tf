output "name" {
  value = google_firestore_database.this.name
}

output "database" {
  description = "The database as made, for the tests."
  value = {
    protected = google_firestore_database.this.delete_protection_state
    recovery  = google_firestore_database.this.point_in_time_recovery_enablement
    backups   = [for schedule in google_firestore_backup_schedule.daily : schedule.retention]
    indexes = [for i in google_firestore_index.this : {
      collection = i.collection, scope = i.query_scope, fields = [for f in i.fields : "${f.field_path} ${f.order}"]
    }]
    unindexed = sort([for f in google_firestore_field.unindexed : "${f.collection}.${f.field}" if try(length(f.index_config[0].indexes), 0) == 0])
  }
}
