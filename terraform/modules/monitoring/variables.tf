variable "project" {
  type = string
}

variable "project_number" {
  type = string
}

variable "host" {
  description = "Host name of the API, for the uptime check."
  type        = string
}

variable "accounts" {
  description = "E-mails of the accounts whose programs measure, by program."
  type        = map(string)
}

variable "alert_email" {
  description = "Who gets the alerts by mail; empty: nobody, they show in the console alone."
  type        = string
}

variable "playbooks_url" {
  description = "Where the folder docs/operating/playbooks can be read, without a slash at its end; empty: the alert names the file."
  type        = string
}

variable "budget" {
  description = "What a month may cost, or null."
  type        = object({ billing_account = string, currency = string, amount = number })
}
