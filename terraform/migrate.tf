# The job that brings both schemas up to date. The release runs it before any new revision takes
# calls.
module "migrate" {
  source = "./modules/job"

  name         = "migrate"
  display_name = "Migrations of both instances"
  project      = var.project
  region       = var.region
  deployer     = local.deployer
  image        = var.images.migrate
  max_retries  = 1
  timeout      = 1800
  network      = module.network.egress
  databases    = local.databases

  # It owns the tables and gives the others what they need of them. They are no superusers.
  database_roles = ["cloudsqlsuperuser"]

  environment = {
    LOG_LEVEL = var.log_level
    # Each program's user gets its own rights by table: migrations/rights.go.
    PROGRAM_USERS = join(",", [for program, account in local.programs : "${program}:${trimsuffix(account, ".gserviceaccount.com")}"])
    # Cloud SQL makes every person's user a member of it. A person is no user until somebody
    # makes them one, in an emergency.
    GRANTED_ROLES = "cloudsqliamuser"
  }
}
