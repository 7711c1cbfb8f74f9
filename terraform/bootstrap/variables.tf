variable "project" {
  description = "Id of the project."
  type        = string
}

variable "project_number" {
  description = "Number of the project."
  type        = string
}

variable "region" {
  description = "Region of everything."
  type        = string
  default     = "asia-northeast3"
}

variable "billing_account" {
  description = "Billing account on which the release may make a budget. Empty: the release gets no right there."
  type        = string
  default     = ""

  validation {
    condition     = var.billing_account == "" || can(regex("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", var.billing_account))
    error_message = "A billing account is three groups of six hexadecimal digits: 012345-6789AB-CDEF01."
  }
}
