package release_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// bounds are what Google accepts, by path in a resource or in a call of a module. Durations are in
// seconds. What the pipeline's table holds is checked by Terraform's own tests.
var bounds = map[string]struct {
	least, most float64
	source      string // below https://cloud.google.com
}{
	"modules/job.max_retries": {0, 10, "run/docs/configuring/max-retries"},
	"modules/job.timeout":     {1, 604800, "run/docs/configuring/task-timeout"},
	"google_cloud_run_v2_service.template.containers.liveness_probe.failure_threshold":            {1, 1000, "run/docs/configuring/healthchecks"},
	"google_cloud_run_v2_service.template.containers.liveness_probe.period_seconds":               {1, 3600, "run/docs/configuring/healthchecks"},
	"google_cloud_run_v2_service.template.containers.liveness_probe.timeout_seconds":              {1, 3600, "run/docs/configuring/healthchecks"},
	"google_cloud_run_v2_service.template.containers.startup_probe.failure_threshold":             {1, 240, "run/docs/configuring/healthchecks"},
	"google_cloud_run_v2_service.template.containers.startup_probe.period_seconds":                {1, 240, "run/docs/configuring/healthchecks"},
	"google_cloud_run_v2_service.template.containers.startup_probe.timeout_seconds":               {1, 240, "run/docs/configuring/healthchecks"},
	"google_cloud_scheduler_job.attempt_deadline":                                                 {15, 1800, "scheduler/docs/reference/rest/v1/projects.locations.jobs"},
	"google_cloud_scheduler_job.retry_config.retry_count":                                         {0, 5, "scheduler/docs/reference/rest/v1/projects.locations.jobs"},
	"google_compute_backend_service.log_config.sample_rate":                                       {0, 1, "load-balancing/docs/https/https-logging-monitoring"},
	"google_compute_firewall.priority":                                                            {0, 65535, "firewall/docs/firewalls"},
	"google_compute_security_policy.rule.priority":                                                {0, 2147483647, "armor/docs/security-policy-overview"},
	"google_compute_security_policy.rule.rate_limit_options.rate_limit_threshold.interval_sec":    {10, 3600, "armor/docs/rate-limiting-overview"},
	"google_monitoring_alert_policy.conditions.condition_threshold.aggregations.alignment_period": {60, 93600, "monitoring/api/ref_v3/rest/v3/projects.alertPolicies"},
	"google_monitoring_alert_policy.conditions.condition_threshold.duration":                      {0, 84600, "monitoring/api/ref_v3/rest/v3/projects.alertPolicies"},
	"google_monitoring_uptime_check_config.period":                                                {60, 900, "monitoring/uptime-checks"},
	"google_monitoring_uptime_check_config.timeout":                                               {1, 60, "monitoring/uptime-checks"},
	"google_pubsub_subscription.ack_deadline_seconds":                                             {10, 600, "pubsub/docs/subscription-properties"},
	"google_pubsub_subscription.message_retention_duration":                                       {600, 2678400, "pubsub/docs/subscription-properties"},
	"google_pubsub_subscription.retry_policy.maximum_backoff":                                     {0, 600, "pubsub/docs/handling-failures"},
	"google_pubsub_subscription.retry_policy.minimum_backoff":                                     {0, 600, "pubsub/docs/handling-failures"},
	"google_secret_manager_secret.version_destroy_ttl":                                            {86400, 86400 * 1000, "secret-manager/docs/delay-destruction-of-secret-versions"},
	"google_sql_database_instance.settings.insights_config.query_plans_per_minute":                {0, 20, "sql/docs/postgres/using-query-insights"},
	"google_sql_database_instance.settings.insights_config.query_string_length":                   {256, 4500, "sql/docs/postgres/using-query-insights"},
	"google_sql_database_instance.settings.maintenance_window.day":                                {1, 7, "sql/docs/postgres/set-maintenance-window"},
	"google_sql_database_instance.settings.maintenance_window.hour":                               {0, 23, "sql/docs/postgres/set-maintenance-window"},
}

func TestEveryNumberIsInTheRangeThatGoogleAccepts(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	check := func(where string) func(path, text string) {
		return func(path, text string) {
			bound, ok := bounds[path]
			if !ok {
				return
			}
			seen[path] = true
			if n, err := strconv.ParseFloat(strings.TrimSuffix(text, "s"), 64); err != nil || n < bound.least || n > bound.most {
				t.Errorf("%s: %s is %s, want %v to %v: https://cloud.google.com/%s", where, path, text, bound.least, bound.most, bound.source)
			}
		}
	}
	for _, r := range terraformResources(t) {
		constants(r.kind, r.body, check(r.kind+"."+r.name))
	}
	for _, c := range terraformCalls(t) {
		constants(c.module, c.body, check(c.name))
	}
	for path := range bounds {
		if !seen[path] {
			t.Errorf("nothing sets %s any more: take it out of the table", path)
		}
	}
}

// constants calls found for each constant number or text of a resource.
func constants(path string, body *hclsyntax.Body, found func(path, text string)) {
	for name, attribute := range body.Attributes {
		v, diagnostics := attribute.Expr.Value(nil)
		if diagnostics.HasErrors() || !v.Type().IsPrimitiveType() || v.IsNull() {
			continue
		}
		if text := literal(body, name); text != "" {
			found(path+"."+name, text)
		}
	}
	for _, block := range body.Blocks {
		name, inner := block.Type, block.Body
		if name == "dynamic" {
			name = block.Labels[0]
			for _, content := range inner.Blocks {
				inner = content.Body
			}
		}
		constants(path+"."+name, inner, found)
	}
}

// Of Cloud SQL for Postgres: sql/docs/postgres/flags, those that we might want.
// One that is not in Google's list fails the whole instance.
var flags = []string{
	"cloudsql.enable_pgaudit", "cloudsql.iam_authentication", "cloudsql.logical_decoding", "idle_in_transaction_session_timeout", "lock_timeout",
	"log_connections", "log_disconnections", "log_lock_waits", "log_min_duration_statement", "log_min_error_statement", "log_min_messages",
	"log_statement", "log_temp_files", "max_connections", "statement_timeout", "work_mem",
}

func TestEveryFlagOfPostgresIsOneOfCloudSQL(t *testing.T) {
	t.Parallel()
	const file = "modules/database/main.tf"
	found := 0
	for _, block := range parseTerraform(t, file, terraformSources(t)[file]).Blocks {
		attribute, ok := block.Body.Attributes["flags"]
		if block.Type != "locals" || !ok {
			continue
		}
		for _, item := range attribute.Expr.(*hclsyntax.ObjectConsExpr).Items {
			found++
			if name := value(t, item.KeyExpr, nil).AsString(); !slices.Contains(flags, name) {
				t.Errorf("%s is not in the list of Cloud SQL's flags", name)
			}
		}
	}
	if found == 0 {
		t.Error("no flag is set")
	}
}

// gcloud names a revision that it makes. Ignored by Terraform, that name would
// go to the next template, which Cloud Run refuses: 409, "revision named … with
// different configuration already exists".
func TestAChangedTemplateGetsANewRevision(t *testing.T) {
	t.Parallel()
	for _, r := range terraformResources(t) {
		if r.kind != "google_cloud_run_v2_service" {
			continue
		}
		if strings.Contains(r.text, "template[0].revision") {
			t.Errorf("%s ignores the name of the revision", r.name)
		}
		for _, written := range []string{"template[0].containers[0].image", "template[0].labels", "traffic", "client", "client_version"} {
			if !strings.Contains(r.text, written) {
				t.Errorf("%s undoes what a release writes: %s", r.name, written)
			}
		}
	}
}
