# The calls and the streams have an account each: whoever watches writes nothing.
module "account" {
  source   = "../account"
  for_each = var.services

  name         = "service-${each.key}"
  display_name = "Cloud Run service ${each.key}"
  project      = var.project
  deployer     = var.deployer
  databases    = var.databases
  firestore    = { for key, role in var.firestore_roles[each.key] : key => { database = var.firestore[key], role = role } }
  topics       = var.topics[each.key]
  secrets      = var.secrets[each.key]
}
