variable "name" {
  description = "The job's name. Its account is job-NAME."
  type        = string
}

variable "display_name" {
  description = "The account's name in the console; null for an account that exists."
  type        = string
  default     = null
}

variable "existing_account" {
  description = "Whether the account is there already, made by bootstrap/."
  type        = bool
  default     = false
}

variable "enabled" {
  description = "Whether the job is there, and its account may do anything."
  type        = bool
  default     = true
}

variable "project" {
  type = string
}

variable "region" {
  type = string
}

variable "deployer" {
  description = "Member that deploys, and so must be allowed to act as the job's account."
  type        = string
}

variable "image" {
  type = string
}

variable "max_retries" {
  description = "How often it is started again after it failed."
  type        = number
}

variable "timeout" {
  description = "Seconds until it is ended."
  type        = number
}

variable "network" {
  description = "The way to the instances; null without any."
  type        = object({ network = string, subnetwork = string })
  default     = null
}

variable "databases" {
  description = "The instances it reaches, by key."
  type        = map(object({ key = string, instance = string, connection_name = string, name = string }))
  default     = {}
}

variable "database_roles" {
  description = "Roles in Postgres that its users are members of, or null."
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

variable "buckets" {
  description = "Buckets that it sees, each at /NAME by NAME. The right to read them is given where they are made."
  type        = map(string)
  default     = {}
}

variable "environment" {
  description = "Settings, but for those of its instances."
  type        = map(string)
  default     = {}
}
