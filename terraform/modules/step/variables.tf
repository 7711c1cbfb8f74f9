variable "name" {
  description = "Folder under functions/."
  type        = string
}

variable "step" {
  description = "The step's row in the pipeline's table; see pipeline.tf."
  type = object({
    function      = string
    databases     = list(string)
    firestore     = string
    publishes     = list(string)
    concurrency   = number
    max_instances = number
    pool          = number
    cpu           = string
    memory        = string
    timeout       = number
    subscriptions = map(object({
      handler      = number
      ack_deadline = number
      attempts     = number
      min_backoff  = number
      max_backoff  = number
      retention    = number
    }))
  })
}

variable "project" {
  type = string
}

variable "region" {
  type = string
}

variable "source_archive" {
  type = object({ bucket = string, object = string })
}

variable "builder" {
  description = "E-mail of the account that the buildpack runs as."
  type        = string
}

variable "repository" {
  description = "Docker repository for the built function: projects/P/locations/R/repositories/N."
  type        = string
}

variable "deployer" {
  description = "Member that deploys, and so must be allowed to act as the step's account."
  type        = string
}

variable "topics" {
  description = "The pipeline's topics, projects/P/topics/T by T."
  type        = map(string)
}

variable "push_account" {
  description = "E-mail of the one account that may call the function."
  type        = string
}

variable "pubsub_agent" {
  description = "Member that is Pub/Sub itself: it moves dead letters."
  type        = string
}

variable "network" {
  type = object({ network = string, subnetwork = string })
}

variable "databases" {
  description = "The instances the step sees, by key."
  type        = map(object({ key = string, instance = string, connection_name = string, name = string }))
}

variable "firestore" {
  description = "Name of the Firestore database the step sees, or null."
  type        = string
}

variable "firestore_role" {
  description = "What it may do there, or null."
  type        = string
}

variable "environment" {
  description = "Settings of this step alone."
  type        = map(string)
}

variable "secrets" {
  description = "Ids of secrets to mount, each at /secrets/ID/value."
  type        = set(string)
}

variable "log_level" {
  type = string
}

variable "paused" {
  description = "Whether messages wait instead of being pushed."
  type        = bool
}

variable "dead_letters" {
  description = "Whether what the step gives up goes to a dead-letter topic."
  type        = bool
}
