variable "name" {
  type = string
}

variable "region" {
  type = string
}

variable "protected" {
  type = bool
}

variable "indexes" {
  description = "Composite indexes of collection-group scope: fields in order, all ascending."
  type        = map(object({ collection = string, fields = list(string) }))
  default     = {}
}

variable "unindexed" {
  description = "Fields without single-field indexes, by collection group."
  type        = map(set(string))
  default     = {}
}
