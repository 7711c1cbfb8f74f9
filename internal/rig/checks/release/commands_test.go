package release_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"example.com/missionpot/internal/rig/checks/documented"
)

func TestEveryDocumentedCommandIsThere(t *testing.T) {
	t.Parallel()
	checks := map[string]func(*commandCheck, []string){
		"make": (*commandCheck).make, "go": (*commandCheck).goRun,
		"terraform": (*commandCheck).terraform, "gcloud": (*commandCheck).gcloud,
	}
	names, found := resourceNames(t), map[string]int{}
	commands, err := documented.Commands(pages(t))
	if err != nil {
		t.Error(err)
	}
	for _, command := range commands {
		c := &commandCheck{t: t, Command: command, names: names}
		for _, assignment := range command.Environment {
			if name, ok := strings.CutPrefix(assignment, "TF_VAR_"); ok {
				c.variable(name)
			}
		}
		if len(command.Words) == 0 {
			continue
		}
		if check := checks[command.Words[0]]; check != nil {
			check(c, command.Words[1:])
			found[command.Words[0]]++
		}
	}
	for program, least := range map[string]int{"make": 10, "go": 15, "terraform": 6, "gcloud": 30} {
		if found[program] < least {
			t.Errorf("found %d commands of %s, want %d", found[program], program, least)
		}
	}
}

// Settings that a page says to write into terraform/envs.
func TestEveryDocumentedSettingIsAVariable(t *testing.T) {
	t.Parallel()
	setting, found := regexp.MustCompile("`([a-z_]+) = [\\[\"{0-9tf]|\\bTF_VAR_([a-z_]+)"), 0
	for page, text := range pages(t) {
		if !strings.HasPrefix(page, "docs/operating/playbooks/") && page != "docs/operating/deploy.md" {
			continue
		}
		for _, m := range setting.FindAllStringSubmatch(text, -1) {
			found++
			if m[1] != "instance" { // of a database, inside databases
				(&commandCheck{t: t, Command: documented.Command{Page: page}}).variable(m[1] + m[2])
			}
		}
	}
	if found < 5 {
		t.Errorf("found %d settings, want more", found)
	}
}

// pages are the texts that people read, by path.
func pages(t *testing.T) map[string]string {
	t.Helper()
	all, err := documented.Pages(root)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// placeholder is what the reader puts a name for.
var placeholder = regexp.MustCompile(`\$|^[A-Z][A-Z0-9_-]*$`)

// commandCheck holds one command against the repository.
type commandCheck struct {
	t *testing.T
	documented.Command
	names map[string][]string
}

func (c *commandCheck) wrong(format string, args ...any) {
	c.t.Helper()
	c.t.Errorf("%s: %q: "+format, append([]any{c.Page, strings.Join(c.Words, " ")}, args...)...)
}

func (c *commandCheck) read(name string) string {
	text, err := os.ReadFile(root + name)
	if err != nil {
		c.wrong("%v", err)
	}
	return string(text)
}

// make wants its targets, and every variable used somewhere.
func (c *commandCheck) make(words []string) {
	file := c.read("Makefile")
	for _, word := range words {
		if name, _, ok := strings.Cut(word, "="); ok {
			if !strings.Contains(file, "$("+name+")") && !strings.Contains(file, "$(or $("+name+")") && !strings.Contains(file, "$(if $("+name+")") {
				c.wrong("no target uses the variable %s", name)
			}
		} else if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(word) + `:`).MatchString(file) {
			c.wrong("there is no target %s", word)
		}
	}
}

func (c *commandCheck) goRun(words []string) {
	if len(words) < 2 || words[0] != "run" {
		return
	}
	if program, ok := strings.CutPrefix(words[1], "./run/"); ok {
		c.program(program, words[2:])
	} else {
		c.wrong("%s is no program of ours", words[1])
	}
}

// terraform wants the folder, the variables, the outputs and the addresses.
func (c *commandCheck) terraform(words []string) {
	for i, word := range words {
		switch {
		case strings.HasPrefix(word, "-backend-config=bucket="):
			c.bucket("gs://" + strings.TrimPrefix(word, "-backend-config=bucket="))
		case strings.HasPrefix(word, "-chdir="):
			if _, err := os.Stat(root + strings.TrimPrefix(word, "-chdir=")); err != nil {
				c.wrong("%v", err)
			}
		case strings.HasPrefix(word, "-var-file="):
			c.read("terraform/" + strings.TrimPrefix(word, "-var-file="))
		case strings.HasPrefix(word, "-var="), word == "-var" && i+1 < len(words):
			assignment := strings.TrimPrefix(word, "-var=")
			if word == "-var" {
				assignment = words[i+1]
			}
			name, _, _ := strings.Cut(assignment, "=")
			c.variable(name)
		case i > 0 && words[i-1] == "output":
			c.declared("output", word)
		case strings.Contains(word, ".google_"):
			c.address(word)
		}
	}
}

func (c *commandCheck) variable(name string) { c.declared("variable", name) }

// declared wants a block of the main configuration or of the bootstrap.
func (c *commandCheck) declared(kind, name string) {
	declaration := kind + ` "` + name + `"`
	for path, text := range terraformSources(c.t) {
		if !strings.HasPrefix(path, "modules/") && strings.Contains(text, declaration) {
			return
		}
	}
	c.wrong("Terraform has no %s %s", kind, name)
}

// address wants a resource such as module.api.google_cloud_run_v2_service.service["api"].
func (c *commandCheck) address(address string) {
	parts := regexp.MustCompile(`^module\.([a-z]+)(?:\["[^"]+"\])?\.(google_\w+)\.(\w+)`).FindStringSubmatch(address)
	if parts == nil || !slices.ContainsFunc(terraformResources(c.t), func(r resource) bool {
		return r.folder == "modules/"+parts[1] && r.kind == parts[2] && r.name == parts[3]
	}) {
		c.wrong("Terraform makes no %s", address)
	}
}
