# The job of a restore: the program `operator` with the commands `restore …`. Like a service and the
# steps together it writes wallets and the ledger, so it is there only while var.restoring is true:
# without that there is no job, and its account can reach neither instance, nor Firestore.
#
# The account and the bucket with the payment provider's statement are made by bootstrap/, and its
# users in Postgres stay: a user with rights on tables can't be deleted. docs/operating/playbooks/restore.md
module "restore" {
  source = "./modules/job"

  name             = "restore"
  existing_account = true
  enabled          = var.restoring
  project          = var.project
  region           = var.region
  deployer         = local.deployer
  image            = var.images.operator
  max_retries      = 0     # a person is watching, and may repeat it
  timeout          = 86400 # run/operator gives up before
  network          = module.network.egress
  databases        = local.databases

  # It adds entries to the bet log and never changes one; the board it writes anew.
  firestore = {
    log   = { database = module.firestore["log"].name, role = local.append }
    board = { database = module.firestore["board"].name, role = "roles/datastore.user" }
  }

  # What the payment provider's statement is uploaded to.
  buckets = { statements = "${var.project}-statements" }

  environment = {
    GOOGLE_CLOUD_PROJECT = var.project
    FIRESTORE_DATABASE   = module.firestore["log"].name
    BOARD_DATABASE       = module.firestore["board"].name
  }
}
