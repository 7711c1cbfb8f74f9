# The job behind the program `operator`: who is one, dead letters while the API is away, the check of
# the books and the switch to exit-only mode. The instances have no public address, so it runs where
# they are. Only a person starts it, by name and with arguments; Cloud Run's audit log records who.
# Restores are another job: restore.tf.
module "operator" {
  source = "./modules/job"

  name         = "operator"
  display_name = "The program operator"
  project      = var.project
  region       = var.region
  deployer     = local.deployer
  image        = var.images.operator
  max_retries  = 0    # a person is watching
  timeout      = 3600 # a check of the whole books takes longest; run/operator gives up before
  network      = module.network.egress
  databases    = local.databases

  # The check of the books reads the bet log. A dead letter that is sent again is marked.
  firestore = {
    log          = { database = module.firestore["log"].name, role = "roles/datastore.viewer" }
    dead_letters = { database = module.firestore["dead_letters"].name, role = local.redrive }
  }
  topics = local.topic_ids

  environment = {
    GOOGLE_CLOUD_PROJECT  = var.project
    FIRESTORE_DATABASE    = module.firestore["log"].name
    DEAD_LETTERS_DATABASE = module.firestore["dead_letters"].name
  }
}
