# Safe: two zones, nothing can be deleted by mistake, instances wait for the first caller.
protected            = true
step_instances_limit = 100

databases = {
  users = {
    instance             = "users"
    tier                 = "db-custom-4-16384"
    available_in_2_zones = true
    disk_size            = 100
    disk_limit           = 1000
    max_connections      = 600
    backups              = 30
    log_days             = 7
  }
  missions = {
    instance             = "missions"
    tier                 = "db-custom-2-8192"
    available_in_2_zones = true
    disk_size            = 50
    disk_limit           = 500
    max_connections      = 500
    backups              = 30
    log_days             = 7
  }
}

services = {
  api  = { min_instances = 2, max_instances = 20, cpu = "2", memory = "1Gi", concurrency = 100 }
  live = { min_instances = 1, max_instances = 10, cpu = "1", memory = "1Gi", concurrency = 800 }
}

# The API refuses to start before a real payment provider is built in.
sandbox_payments_allowed = false
log_level                = "info"
