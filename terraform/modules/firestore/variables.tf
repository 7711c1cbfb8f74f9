variable "name" {
  type = string

  # Google's rule, which the provider does not check.
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,61}[a-z0-9]$", var.name))
    error_message = "A Firestore database's id has 4 to 63 lower-case letters, digits and dashes, and begins with a letter."
  }
}

variable "region" {
  type = string
}

variable "protected" {
  type = bool
}

variable "indexes" {
  description = "Composite indexes: fields in order. The scope is COLLECTION or COLLECTION_GROUP."
  type = map(object({
    collection = string
    scope      = string
    fields     = list(object({ path = string, order = string }))
  }))
  default = {}
}

variable "unindexed" {
  description = "Fields without single-field indexes, by collection group."
  type        = map(set(string))
  default     = {}
}
