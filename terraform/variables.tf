variable "project" {
  description = "Id of the project. Its own, with nothing else in it."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "The project's id must be 6 to 30 lower-case letters, digits and dashes. Ids scoped to a domain (example.com:id) are not supported."
  }
}

# A data source would find it, but would call the network to plan.
variable "project_number" {
  description = "Number of the project: gcloud projects describe PROJECT --format='value(projectNumber)'."
  type        = string

  validation {
    condition     = can(regex("^[0-9]+$", var.project_number))
    error_message = "The project's number must be digits only."
  }
}

variable "region" {
  description = "Region of everything. The default is Seoul: the cash is won."
  type        = string
  default     = "asia-northeast3"
}

variable "images" {
  description = "Container images, by digest. The release changes the services' own after the first apply."
  type        = object({ api = string, migrate = string, operator = string, smoke = string })

  validation {
    condition     = alltrue([for image in values(var.images) : can(regex("@sha256:[0-9a-f]{64}$", image))])
    error_message = "An image must be named by its digest (…@sha256:…): a tag may be moved to something else."
  }
}

variable "source_archive" {
  description = "The functions' source: a zip of the module's root in a bucket."
  type        = object({ bucket = string, object = string })
}

variable "protected" {
  description = "Whether databases and services refuse to be deleted."
  type        = bool
}

variable "databases" {
  description = <<-TEXT
    The two Cloud SQL instances, users and missions. instance is its name: a restore makes a new
    instance, and this is where it takes the place of the old one. disk_size is in GB.
  TEXT
  type = map(object({
    instance             = string
    tier                 = string
    available_in_2_zones = bool
    disk_size            = number
    disk_limit           = number # the disk grows by itself up to here, GB
    max_connections      = number
    backups              = number # daily backups kept
    log_days             = number # write-ahead log kept for point-in-time recovery, at most 7
  }))

  validation {
    condition     = toset(keys(var.databases)) == toset(["users", "missions"])
    error_message = "There are exactly two instances: users (the ledger) and missions."
  }
  validation {
    condition     = alltrue([for d in values(var.databases) : d.log_days >= 1 && d.log_days <= 7])
    error_message = "The Enterprise edition keeps the log for 1 to 7 days."
  }
}

variable "step_instances_limit" {
  description = "At most this many instances of any function, whatever the pipeline's table says."
  type        = number
}

variable "paused_steps" {
  description = "Steps that get no messages for now; what comes for them waits, up to seven days. For a restore, or to stop a step that does harm."
  type        = set(string)
  default     = []

  validation {
    condition     = length(setsubtract(var.paused_steps, [for name, step in local.pipeline : name if length(step.subscriptions) > 0])) == 0
    error_message = "Only steps of the pipeline that listen to a topic can be paused."
  }
}

variable "restoring" {
  description = "Whether the job restore is there, which may write wallets, the ledger, missions, the bet log and the board. Only during a restore."
  type        = bool
  default     = false
}

variable "services" {
  description = <<-TEXT
    The API's two Cloud Run services: api takes calls, live serves event streams. cpu is in
    processors, concurrency in requests at once per instance.
  TEXT
  type = map(object({
    min_instances = number
    max_instances = number
    cpu           = string
    memory        = string
    concurrency   = number
  }))

  validation {
    condition     = toset(keys(var.services)) == toset(["api", "live"])
    error_message = "There are exactly two services: api and live."
  }
  validation {
    condition     = alltrue([for s in values(var.services) : s.min_instances >= 0 && s.max_instances >= max(1, s.min_instances) && s.concurrency >= 1 && s.concurrency <= 1000])
    error_message = "A service has at least one instance at most, no more at least than at most, and 1 to 1000 requests at once."
  }
}

variable "domain" {
  description = "Domain of the API, for example pot.example.com. Empty: no load balancer; the services answer on their run.app addresses."
  type        = string
  default     = ""

  validation {
    condition     = var.domain == "" || can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain))
    error_message = "The domain must be a lower-case host name without scheme, port or path."
  }
}

variable "mail_from" {
  description = "Sender of the result mails, an RFC 5322 address that SendGrid has verified."
  type        = string
}

variable "sandbox_payments_allowed" {
  description = "Whether charges may be taken by the sandbox, which makes cash out of nothing. Never in prod."
  type        = bool
  default     = false
}

# A service whose first revision does not start is marked as broken, and a protected one can't be
# made again. So this is refused while planning.
variable "payment_provider" {
  description = "Who takes charges. Only the sandbox is built in so far, so an environment without it can't start."
  type        = string
  default     = "none"

  validation {
    condition     = var.payment_provider == "sandbox" ? var.sandbox_payments_allowed : var.payment_provider != "none"
    error_message = "The API does not start here: the sandbox is not allowed, and no other payment provider is built in. See docs/operating/deploy.md."
  }
}

variable "log_level" {
  description = "What is logged: debug, info, warn or error and above."
  type        = string
  default     = "info"

  validation {
    condition     = contains(["debug", "info", "warn", "error"], var.log_level)
    error_message = "The log level must be debug, info, warn or error."
  }
}

variable "cors_origins" {
  description = "Web origins, such as https://app.example.com, whose scripts may call the API. None by default: no browser then lets any."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for origin in var.cors_origins : can(regex("^https://[^/*,]+$", origin))])
    error_message = "An origin is https:// and a host, without a path or a wildcard."
  }
}
