# Roles of programs that no predefined role is narrow enough for. They are made here and not by the
# release, which could otherwise write anything into a role and then take it.

# The bet log is append-only for its writer too: it can't update and can't delete.
resource "google_project_iam_custom_role" "append" {
  role_id     = "firestoreAppend"
  title       = "Firestore: create and read documents"
  description = "Creates documents and reads them, but never changes or deletes one."
  permissions = ["datastore.databases.get", "datastore.entities.create", "datastore.entities.get", "datastore.entities.list"]

  depends_on = [google_project_service.used]
}

resource "google_project_iam_custom_role" "create" {
  role_id     = "firestoreCreate"
  title       = "Firestore: create documents"
  description = "Creates documents, and neither reads, changes nor deletes one."
  permissions = ["datastore.databases.get", "datastore.entities.create"]

  depends_on = [google_project_service.used]
}

# An operator's call marks a dead letter as sent. Nobody deletes one.
resource "google_project_iam_custom_role" "redrive" {
  role_id     = "firestoreRedrive"
  title       = "Firestore: read and change documents"
  description = "Reads documents and changes them, but neither creates nor deletes one."
  permissions = ["datastore.databases.get", "datastore.entities.get", "datastore.entities.list", "datastore.entities.update"]

  depends_on = [google_project_service.used]
}
