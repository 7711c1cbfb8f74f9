# Cheap: small instances in one zone, and none that waits for calls.
protected            = false
step_instances_limit = 1

databases = {
  users = {
    instance             = "users"
    tier                 = "db-g1-small"
    available_in_2_zones = false
    disk_size            = 10
    disk_limit           = 50
    max_connections      = 120
    backups              = 7
    log_days             = 7
  }
  missions = {
    instance             = "missions"
    tier                 = "db-g1-small"
    available_in_2_zones = false
    disk_size            = 10
    disk_limit           = 50
    max_connections      = 120
    backups              = 7
    log_days             = 7
  }
}

services = {
  api  = { min_instances = 0, max_instances = 2, cpu = "1", memory = "512Mi", concurrency = 80 }
  live = { min_instances = 0, max_instances = 1, cpu = "1", memory = "512Mi", concurrency = 500 }
}

payment_provider         = "sandbox"
sandbox_payments_allowed = true
log_level                = "debug"
