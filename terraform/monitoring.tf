module "monitoring" {
  source = "./modules/monitoring"

  project        = var.project
  project_number = var.project_number
  host           = var.domain != "" ? var.domain : trimprefix(module.api.addresses["api"], "https://")
  accounts       = merge({ for name, step in module.step : name => step.account }, module.api.accounts)
  alert_email    = var.alert_email
  playbooks_url  = var.playbooks_url
  budget         = var.budget
}

variable "alert_email" {
  description = "Who gets the alerts by mail; empty: nobody, they show in the console alone."
  type        = string
  default     = ""
}

variable "playbooks_url" {
  description = "Where the folder docs/operating/playbooks can be read, without a slash at its end."
  type        = string
  default     = ""

  validation {
    condition     = var.playbooks_url == "" || can(regex("^https://.*[^/]$", var.playbooks_url))
    error_message = "The playbooks' address must begin with https:// and not end with a slash."
  }
}

variable "budget" {
  description = "What a month may cost, in whole units of the billing account's currency. Null: no budget is made, and the billing account is left alone."
  type        = object({ billing_account = string, currency = string, amount = number })
  default     = null
}

output "monitoring" {
  description = "Dashboards, alerts, uptime check and budget as made."
  value = {
    dashboards = module.monitoring.dashboards
    alerts     = module.monitoring.alerts
    uptime     = module.monitoring.uptime
    budget     = module.monitoring.budget
  }
}
