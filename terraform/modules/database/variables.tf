variable "key" {
  description = "users or missions."
  type        = string
}

variable "region" {
  type = string
}

variable "network" {
  type = string
}

variable "protected" {
  type = bool
}

variable "settings" {
  type = object({
    instance             = string
    tier                 = string
    available_in_2_zones = bool
    disk_size            = number
    disk_limit           = number
    max_connections      = number
    backups              = number
    log_days             = number
  })
}
