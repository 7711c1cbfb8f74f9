module "account" {
  source = "../account"

  name         = "step-${var.name}"
  display_name = "Function ${var.step.function}"
  project      = var.project
  deployer     = var.deployer
  databases    = var.databases
  firestore    = var.firestore == null ? {} : { (var.step.firestore) = { database = var.firestore, role = var.firestore_role } }
  topics       = { for name in var.step.publishes : name => var.topics[name] }
  secrets      = var.secrets
}
