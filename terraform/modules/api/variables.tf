variable "project" {
  type = string
}

variable "region" {
  type = string
}

variable "services" {
  description = "Size of each service, api and live."
  type = map(object({
    min_instances = number
    max_instances = number
    cpu           = string
    memory        = string
    concurrency   = number
  }))
}

variable "image" {
  description = "The one image both services run."
  type        = string
}

variable "protected" {
  type = bool
}

variable "domain" {
  type = string
}

variable "network" {
  type = object({ network = string, subnetwork = string })
}

variable "databases" {
  description = "Both instances, by name."
  type        = map(object({ key = string, instance = string, connection_name = string, name = string }))
}

variable "firestore" {
  description = "Names of the databases log, board and dead_letters."
  type        = object({ log = string, board = string, dead_letters = string })
}

variable "firestore_roles" {
  description = "What each service may do in which of them."
  type        = map(map(string))
}

variable "topics" {
  description = "Topics each service publishes to, projects/P/topics/T by T."
  type        = map(map(string))
}

variable "secrets" {
  description = "Ids of the secrets each service mounts at /secrets/ID/value."
  type        = map(set(string))
}

variable "environment" {
  description = "Settings of each service alone."
  type        = map(map(string))
}

variable "cors_origins" {
  description = "Web origins whose scripts may call the API."
  type        = list(string)
}

variable "log_level" {
  type = string
}

variable "deployer" {
  description = "Member that deploys, and so must be allowed to act as the services' accounts."
  type        = string
}
