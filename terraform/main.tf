locals {
  # The account of every program that may have rights in Postgres, by its name in migrations/rights.go.
  programs = merge(
    { for name, step in module.step : name => step.account },
    module.api.accounts,
    { operator = module.operator.account, restore = module.restore.account },
  )
  # What a program needs to connect to each instance.
  databases           = { for key, database in module.database : key => database.connection }
  deployer            = "serviceAccount:deploy@${var.project}.iam.gserviceaccount.com"
  function_builder    = "function-build@${var.project}.iam.gserviceaccount.com"
  function_repository = "projects/${var.project}/locations/${var.region}/repositories/missionpot"
}

module "network" {
  source = "./modules/network"

  region = var.region
}

module "database" {
  source   = "./modules/database"
  for_each = var.databases

  key       = each.key
  region    = var.region
  network   = module.network.network
  protected = var.protected
  settings  = each.value
}

# Rights end at a database, so each group of readers has its own.
#
#   bet-log       missions/{mission}/bets: the API appends, sweepbets and checkbooks read
#   board         boards and missions/{mission}/events: the live board
#   dead-letters  dead letters, for operators
module "firestore" {
  source   = "./modules/firestore"
  for_each = { log = "bet-log", board = "board", dead_letters = "dead-letters" }

  name      = each.value
  region    = var.region
  protected = var.protected

  indexes   = lookup(local.indexes, each.key, {})
  unindexed = lookup(local.unindexed, each.key, {})
}

locals {
  # What Firestore does not have by itself. A Go test asks the emulator which indexes the code's
  # queries use, and compares.
  indexes = {
    # sweepbets reads one shard of all missions' bets, by time.
    log = { sweep = {
      collection = "bets", scope = "COLLECTION_GROUP"
      fields     = [{ path = "shard", order = "ASCENDING" }, { path = "placed_at", order = "ASCENDING" }]
    } }
    # Whoever watches a streamer sees what changed last.
    board = { streamer = {
      collection = "boards", scope = "COLLECTION"
      fields     = [{ path = "streamer_id", order = "ASCENDING" }, { path = "updated_at", order = "DESCENDING" }]
    } }
  }

  # Ids and times rise, and an index on a rising value takes about 500 writes a second. No query
  # needs these. A Go test compares the lists with the fields of the documents.
  unindexed = {
    log = {
      bets = ["amount", "bet_id", "deadline", "kind", "logged_at", "mission_id", "placed_at", "request_hash", "shard", "user_id"]
    }
    board = {
      boards = ["at", "is_active", "kind", "mission_id", "revision", "snapshot", "status", "streamer_id", "updated_at"]
      events = ["at", "kind", "mission", "revision"]
    }
  }
}

locals {
  # Made by bootstrap/: whoever may change a role may give itself anything.
  append  = "projects/${var.project}/roles/firestoreAppend"
  create  = "projects/${var.project}/roles/firestoreCreate"
  redrive = "projects/${var.project}/roles/firestoreRedrive"

  firestore_roles = {
    growpot        = "roles/datastore.user"
    closemission   = "roles/datastore.user"
    sweepmissions  = "roles/datastore.user"
    sweepbets      = "roles/datastore.viewer"
    checkbooks     = "roles/datastore.viewer"
    keepdeadletter = local.create
  }
}

module "api" {
  source = "./modules/api"

  project   = var.project
  region    = var.region
  services  = var.services
  image     = var.images.api
  protected = var.protected
  domain    = var.domain
  network   = module.network.egress
  databases = local.databases
  firestore = { for name in ["log", "board", "dead_letters"] : name => module.firestore[name].name }
  firestore_roles = {
    api  = { log = local.append, board = "roles/datastore.user", dead_letters = local.redrive }
    live = { board = "roles/datastore.viewer" }
  }
  topics = {
    # Its own are bets and verdicts; an operator sends a dead letter to any.
    api  = local.topic_ids
    live = {}
  }
  secrets = { api = ["token-keys"], live = [] }
  environment = {
    api = merge(module.monitoring.settings, {
      API_ROLE                 = "api"
      TOKEN_KEYS_FILE          = "/secrets/token-keys/value"
      TOKEN_ISSUER             = local.issuer
      TOKEN_AUDIENCE           = local.issuer
      PAYMENT_PROVIDER         = var.payment_provider
      SANDBOX_PAYMENTS_ALLOWED = tostring(var.sandbox_payments_allowed)
    })
    live = merge(module.monitoring.settings, { API_ROLE = "live" })
  }
  log_level    = var.log_level
  cors_origins = var.cors_origins
  deployer     = local.deployer
}

locals {
  # Tokens of one environment are worth nothing in another.
  issuer = var.domain == "" ? "https://${var.project}.invalid" : "https://${var.domain}"
}
