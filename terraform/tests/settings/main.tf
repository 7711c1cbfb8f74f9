# The settings of both environments as they are, for the tests to run with.
terraform {
  required_version = ">= 1.9"

  required_providers {
    terraform = {
      source = "terraform.io/builtin/terraform"
    }
  }
}

output "dev" {
  value = provider::terraform::decode_tfvars(file("${path.module}/../../envs/dev.tfvars"))
}

output "prod" {
  value = provider::terraform::decode_tfvars(file("${path.module}/../../envs/prod.tfvars"))
}
