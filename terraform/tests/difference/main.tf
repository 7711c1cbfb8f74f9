# How two lists differ, item by item.
terraform {
  required_version = ">= 1.9"
}

variable "found" {
  type = list(string)
}

variable "expected" {
  type = list(string)
}

output "more" {
  value = sort(setsubtract(var.found, var.expected))
}

output "less" {
  value = sort(setsubtract(var.expected, var.found))
}
