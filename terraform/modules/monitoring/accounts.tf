# The programs send their own measurements; nobody else may.
locals {
  writes = { for pair in setproduct(keys(var.accounts), ["roles/telemetry.metricsWriter", "roles/telemetry.tracesWriter"]) :
    "${pair[0]} ${pair[1]}" => { account = var.accounts[pair[0]], role = pair[1] }
  }
}

resource "google_project_iam_member" "writes" {
  for_each = local.writes

  project = var.project
  role    = each.value.role
  member  = "serviceAccount:${each.value.account}"
}
