variable "name" {
  description = "The account's id: what comes before the @."
  type        = string
}

variable "display_name" {
  description = "What the console shows; null for an account that exists."
  type        = string
  default     = null
}

variable "existing" {
  description = "Whether the account is there already, made by bootstrap/."
  type        = bool
  default     = false
}

variable "enabled" {
  description = "Whether it may do anything. Its users in Postgres are there in any case: one with rights on tables can't be dropped."
  type        = bool
  default     = true
}

variable "project" {
  type = string
}

variable "deployer" {
  description = "Member that deploys, and so must be allowed to act as the account."
  type        = string
}

variable "databases" {
  description = "The instances it reaches, by key."
  type        = map(object({ key = string, instance = string, connection_name = string, name = string }))
  default     = {}
}

variable "database_roles" {
  description = "Roles in Postgres that its users are members of; null: none but what Cloud SQL gives everybody."
  type        = list(string)
  default     = null
}

variable "firestore" {
  description = "The Firestore databases it reaches and its role in each, by any key."
  type        = map(object({ database = string, role = string }))
  default     = {}
}

variable "topics" {
  description = "Topics it publishes to, projects/P/topics/T by T."
  type        = map(string)
  default     = {}
}

variable "secrets" {
  description = "Ids of the secrets it reads."
  type        = set(string)
  default     = []
}
