package release_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// gcloudNames says which word of a command names something that Terraform makes, and of which
// kind: the word after the command, or the value of a flag.
var gcloudNames = []struct{ command, flag, kind string }{
	{"run services describe", "", "service"},
	{"run services update", "", "service"},
	{"run services update-traffic", "", "service"},
	{"run revisions list", "--service", "service"},
	{"run jobs execute", "", "job"},
	{"run jobs logs read", "", "job"},
	{"functions describe", "", "step"},
	{"scheduler jobs", "+", "scheduler job"},
	{"pubsub subscriptions", "+", "subscription"},
	{"pubsub topics", "+", "topic"},
	{"secrets versions add", "", "secret"},
	{"secrets versions list", "", "secret"},
	{"secrets versions", "--secret", "secret"},
	{"sql instances", "+", "instance"},
	{"sql", "--instance", "instance"},
	{"firestore", "--database", "database"},
}

// resourceNames are the names of what Terraform makes, by the kinds above.
func resourceNames(t *testing.T) map[string][]string {
	t.Helper()
	steps, topics := keysAndTopics(t)
	scopes := scopesOf(t)
	names := map[string][]string{"step": append(steps, "keepdeadletter"), "topic": topics}
	kinds := map[string]string{
		"google_cloud_run_v2_job": "job", "google_cloud_scheduler_job": "scheduler job", "google_pubsub_subscription": "subscription",
		"google_pubsub_topic": "topic", "google_secret_manager_secret": "secret", "google_sql_database_instance": "instance",
		"google_firestore_database": "database",
	}
	for _, r := range terraformResources(t) {
		if kind, ok := kinds[r.kind]; ok {
			rule, _ := namingOf(r.kind)
			names[kind] = append(names[kind], evaluations(t, r.body.Attributes[rule.attribute].Expr, scopes[r.folder])...)
		}
	}
	names["service"] = append([]string{"api", "live"}, names["step"]...) // a function is a service too
	return names
}

// gcloud wants every name of ours, and the arguments of jobs that run a program of ours.
func (c *commandCheck) gcloud(words []string) {
	command, options := split(words)
	text := strings.Join(command, " ") + " "
	for _, named := range gcloudNames {
		if !strings.HasPrefix(text, named.command+" ") {
			continue
		}
		at := len(strings.Fields(named.command))
		if named.flag == "+" { // any verb
			at++
		}
		name := options[named.flag]
		if !strings.HasPrefix(named.flag, "--") && at < len(command) {
			name = command[at]
		}
		name = strings.NewReplacer("STEP", "holdbets", "TOPIC", "bets").Replace(name)
		if name == "" || placeholder.MatchString(name) {
			continue
		}
		if !slices.Contains(c.names[named.kind], name) {
			c.wrong("Terraform makes no %s %s", named.kind, name)
		}
		if named.kind == "job" && options["--args"] != "" {
			if name == "restore" { // the same image
				name = "operator"
			}
			c.program(name, strings.Split(options["--args"], ","))
		}
	}
	for _, word := range words {
		c.bucket(word)
	}
}

// split parts a command's words from its options.
func split(words []string) (command []string, options map[string]string) {
	options = map[string]string{}
	for _, word := range words {
		if strings.HasPrefix(word, "-") {
			name, value, _ := strings.Cut(word, "=")
			options[name] = value
		} else {
			command = append(command, word)
		}
	}
	return command, options
}

var bucketName = regexp.MustCompile(`^gs://(?:PROJECT|my-pot)(-[a-z]+)`)

func (c *commandCheck) bucket(word string) {
	m := bucketName.FindStringSubmatch(word)
	if m == nil {
		return
	}
	for _, r := range terraformResources(c.t) {
		if r.kind == "google_storage_bucket" && strings.Contains(r.text, `"${var.project}`+m[1]+`"`) {
			return
		}
	}
	c.wrong("Terraform makes no bucket PROJECT%s", m[1])
}
