output "account" {
  description = "E-mail of the job's account."
  value       = module.account.email
}

output "job" {
  description = "The job as made, for the tests; null unless it is enabled."
  value = one([for job in google_cloud_run_v2_job.this : {
    account = job.template[0].template[0].service_account
    image   = job.template[0].template[0].containers[0].image
    buckets = { for name in keys(var.buckets) : name => one([for v in job.template[0].template[0].volumes : {
      bucket     = v.gcs[0].bucket
      read_only  = v.gcs[0].read_only
      mounted_at = one([for m in job.template[0].template[0].containers[0].volume_mounts : m.mount_path if m.name == name])
    } if v.name == name]) }
  }])
}

output "grants" {
  description = "Every grant made here, as {member, role, on}."
  value       = module.account.grants
}
