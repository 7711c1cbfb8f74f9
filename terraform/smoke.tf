# The job that plays a mission on a new revision, from outside like any client. The release gives it the
# addresses. Its account may do nothing.
module "smoke" {
  source = "./modules/job"

  name         = "smoke"
  display_name = "The smoke test of a release"
  project      = var.project
  region       = var.region
  deployer     = local.deployer
  image        = var.images.smoke
  max_retries  = 0 # a failure ends the release
  timeout      = 3600
}
