variable "project" {
  type = string
}

variable "project_number" {
  type = string
}

variable "region" {
  type = string
}

variable "state_bucket" {
  description = "Bucket that holds Terraform's state."
  type        = string
}

variable "secrets" {
  description = "Secrets that the release gives programs access to: their full names, by id."
  type        = map(string)
}

variable "billing_account" {
  description = "Billing account on which the release may make a budget; empty: none."
  type        = string
}

variable "grantable_roles" {
  description = "The only roles that the release may grant on the project."
  type        = set(string)
}
