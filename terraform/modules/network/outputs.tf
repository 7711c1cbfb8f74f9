output "egress" {
  description = "Network and subnetwork of direct VPC egress."
  value       = { network = google_compute_network.this.id, subnetwork = google_compute_subnetwork.egress.id }
}

output "network" {
  description = "The network, usable for Cloud SQL: it is peered."
  value       = google_compute_network.this.id
  depends_on  = [google_service_networking_connection.databases]
}
