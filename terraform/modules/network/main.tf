# The way from Cloud Run to Cloud SQL's private addresses, and nothing else. Calls to Google's APIs
# and to SendGrid do not pass here.
resource "google_compute_network" "this" {
  name                    = "missionpot"
  auto_create_subnetworks = false
}

# Direct VPC egress takes an address for each instance and, while one revision follows another, up
# to four times as many; 1,022 addresses are enough for 250 instances.
resource "google_compute_subnetwork" "egress" {
  name                     = "egress"
  network                  = google_compute_network.this.id
  region                   = var.region
  ip_cidr_range            = "10.10.0.0/22"
  private_ip_google_access = true
}

# Where Cloud SQL puts the instances.
resource "google_compute_global_address" "databases" {
  name          = "databases"
  network       = google_compute_network.this.id
  purpose       = "VPC_PEERING"
  address_type  = "INTERNAL"
  address       = "10.20.0.0"
  prefix_length = 20
}

resource "google_service_networking_connection" "databases" {
  network                 = google_compute_network.this.id
  service                 = "servicenetworking.googleapis.com"
  reserved_peering_ranges = [google_compute_global_address.databases.name]

  # Cloud SQL holds on to the peering for days after its last instance is gone.
  deletion_policy = "ABANDON"
}

resource "google_compute_firewall" "to_databases" {
  name               = "to-databases"
  network            = google_compute_network.this.id
  description        = "Cloud SQL's connectors talk to port 3307"
  direction          = "EGRESS"
  priority           = 1000
  destination_ranges = ["${google_compute_global_address.databases.address}/${google_compute_global_address.databases.prefix_length}"]

  allow {
    protocol = "tcp"
    ports    = ["3307"]
  }
}

resource "google_compute_firewall" "nowhere_else" {
  name               = "nowhere-else"
  network            = google_compute_network.this.id
  description        = "Nothing here has anybody else to talk to"
  direction          = "EGRESS"
  priority           = 65000
  destination_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }
}
