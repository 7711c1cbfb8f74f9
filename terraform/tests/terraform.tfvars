# What every test is given; Terraform reads this file by itself, and a test may set any of it anew.
project        = "missionpot-test"
project_number = "123456789012"
region         = "asia-northeast3"
images = {
  api      = "r.example/api@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  migrate  = "r.example/migrate@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
  operator = "r.example/operator@sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
  smoke    = "r.example/smoke@sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
}
source_archive   = { bucket = "missionpot-test-artefacts", object = "functions.zip" }
mail_from        = "Missionpot <pot@example.com>"
payment_provider = "another" # prod is planned as it will be with one
