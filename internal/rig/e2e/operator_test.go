package e2e_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/auth/token"
	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/rig/checks/documented"
	"example.com/missionpot/internal/rig/stand"
	"example.com/missionpot/internal/rig/standtest"
	"example.com/missionpot/internal/store/deadletter"
	"example.com/missionpot/migrations"
)

// operatorRuns are the commands of the operators' program in the playbooks and in
// docs/operating/operators.md, in the order that the test runs them, and what each must print. Both forms of
// a command, on a stand and on Google Cloud, are one line here.
var operatorRuns = []struct{ command, prints string }{
	{"-as kim grant mina@example.com", "PERSON is an operator"},
	{"list", "PERSON"},
	{"-as kim revoke mina@example.com", "PERSON is no operator"},
	{"-as kim sign-out mina@example.com", "PERSON is signed out"},
	{"-as kim remove-second-factor mina@example.com", "PERSON is without a second factor"},
	{"audit-log", "command:kim  grant_operator PERSON"},

	{"-as YOU dead-letters", "LETTER"},
	{"-as YOU dead-letter ID", "LETTER"},
	{"-as YOU redrive ID", "LETTER sent again"},
	{"-as YOU redrive ID...", "LETTER sent again"},

	{"books check", "broken=0"},
	{"books status", "broken=0"},
	{"-as YOU books exit-only -reason why", "exit-only"},
	{"-as YOU books open -reason what it was", "open"},
	{"-as YOU books exit-only -reason no progress", "exit-only"},
	{"-as YOU books exit-only -reason restore of INSTANCE", "exit-only"},

	{"restore log", "restore: entries=0"},
	{"restore board", "restore: missions=1"},
	{"restore missions", "restore: missions=1 lost=0"},
	{"restore users -charges statement.csv", "restore: charges=0 strangers=1"},
	{"restore users -charges /statements/statement.csv", "restore: charges=0 strangers=1"},
	{"-as YOU books open -reason restored", "broken=0"},
	{"-as YOU books open -reason the log is restored", "broken=0"},

	{"keys $", `"kid"`},
}

// Each command runs with the rights of the job that runs it on Google Cloud, and with nothing but
// the settings it needs.
func TestEveryCommandOfThePlaybooksRuns(t *testing.T) {
	t.Parallel()
	forms := operatorForms(t)
	s := ownSystem(t)
	o := s.operators(t)
	for _, run := range operatorRuns {
		if len(forms[run.command]) == 0 {
			t.Errorf("no page says to run %q", run.command)
		}
		for _, words := range forms[run.command] {
			o.runs(t, words, run.prints)
		}
		delete(forms, run.command)
	}
	for command := range forms {
		t.Errorf("a page says to run %q, which this test does not know: add it to operatorRuns", command)
	}
}

// operatorForms returns the arguments of every command of the operators' program that a page gives,
// by the command in one form.
func operatorForms(t *testing.T) map[string][][]string {
	t.Helper()
	pages, err := documented.Pages("../../..")
	if err != nil {
		t.Fatal(err)
	}
	commands, err := documented.Commands(pages)
	if err != nil {
		t.Fatal(err)
	}
	forms := map[string][][]string{}
	for _, c := range commands {
		words, ours := operatorWords(c.Words)
		if !ours || c.Page != "docs/operating/operators.md" && !strings.HasPrefix(c.Page, "docs/operating/playbooks/") {
			continue
		}
		key := oneForm(words)
		if !slices.ContainsFunc(forms[key], func(known []string) bool { return slices.Equal(known, words) }) {
			forms[key] = append(forms[key], words)
		}
	}
	return forms
}

// operatorWords returns the arguments of a command if it is one of the operators' program: of
// `go run`, or of a job of its image.
func operatorWords(words []string) ([]string, bool) {
	command := strings.Join(words, " ")
	if strings.HasPrefix(command, "go run ./run/operator ") {
		return words[3:], words[3] != "-h"
	}
	if !strings.HasPrefix(command, "gcloud run jobs execute operator ") && !strings.HasPrefix(command, "gcloud run jobs execute restore ") {
		return nil, false
	}
	for _, word := range words {
		if args, ok := strings.CutPrefix(word, "--args="); ok {
			return strings.Split(args, ","), true
		}
	}
	return nil, true
}

// oneForm writes -flag=value as -flag value.
func oneForm(words []string) string {
	var all []string
	for _, word := range words {
		if flag, value, ok := strings.Cut(word, "="); ok && strings.HasPrefix(word, "-") {
			all = append(all, flag, value)
		} else {
			all = append(all, word)
		}
	}
	return strings.Join(all, " ")
}

// operators are what the commands work on: a played mission, a person without cash, a dead letter,
// the payment provider's statement and a set of keys.
type operators struct {
	program   string
	directory string              // where the statement is, and commands run
	settings  map[string][]string // by job
	fill      *strings.Replacer   // what a reader puts for the pages' placeholders
	expected  *strings.Replacer
	keys      string
}

func (s *fixture) operators(t *testing.T) *operators {
	t.Helper()
	settled, mina := s.activeScene(t), s.viewer(t, "en", 0)
	settled.streamer.judge(t, settled.mission.ID, "success")
	s.awaitSettled(t, settled.mission.ID)
	keys, err := token.GenerateSet()
	if err != nil {
		t.Fatal(err)
	}
	o := &operators{program: operatorProgram(t), directory: t.TempDir(), settings: map[string][]string{}, keys: string(keys)}
	letter, statement := s.keepLetter(t), filepath.Join(o.directory, "statement.csv")
	stranger := uuid.NewString() + "," + uuid.NewString() + ",5000\n"
	if err := os.WriteFile(statement, []byte(stranger), 0o600); err != nil {
		t.Fatal(err)
	}
	o.fill = strings.NewReplacer("mina@example.com", mina.email, "YOU", "kim", "ID...", letter, "ID", letter, "/statements/statement.csv", statement)
	o.expected = strings.NewReplacer("PERSON", mina.id, "LETTER", letter)
	users, missions := standtest.Programs(t, s.UsersDSN(), migrations.Users), standtest.Programs(t, s.MissionsDSN(), migrations.Missions)
	for _, job := range []string{"operator", "restore"} {
		o.settings[job] = []string{
			"GOOGLE_CLOUD_PROJECT=" + s.Project(), "USERS_DATABASE_URL=" + users[job], "MISSIONS_DATABASE_URL=" + missions[job],
			stand.EnvFirestoreHost + "=" + os.Getenv(stand.EnvFirestoreHost), stand.EnvPubSubHost + "=" + os.Getenv(stand.EnvPubSubHost),
		}
	}
	return o
}

// keepLetter keeps a dead letter that can be sent again without an effect.
func (s *fixture) keepLetter(t *testing.T) (id string) {
	t.Helper()
	data, err := json.Marshal(event.Tick{At: time.Now().UTC()})
	if err != nil {
		t.Fatal(err)
	}
	store, err := deadletter.Open(t.Context(), s.Project(), "(default)")
	if err != nil {
		t.Fatal(err)
	}
	d := event.DeadLetter{
		ID: "sweepbets-1", Step: "sweepbets", Topic: event.Ticks, Type: event.TypeTick, MessageID: "1",
		Attributes: map[string]string{event.AttributeType: string(event.TypeTick)}, Data: data, PublishedAt: time.Now().UTC(), KeptAt: time.Now().UTC(),
	}
	if err := errors.Join(store.Keep(t.Context(), d), store.Close()); err != nil {
		t.Fatal(err)
	}
	return d.ID
}

// runs runs one command as a page has it, and expects what it prints.
func (o *operators) runs(t *testing.T, words []string, prints string) {
	t.Helper()
	if words[0] == "keys" { // a page has them in a shell function
		for _, step := range []string{"add", "use", "drop"} {
			o.keys = o.run(t, []string{"keys", step}, nil, prints) // no database, no project
		}
		return
	}
	job := "operator"
	if words[0] == "restore" {
		job = "restore"
	}
	filled := make([]string, len(words))
	for i, word := range words {
		filled[i] = o.fill.Replace(word)
	}
	o.run(t, filled, o.settings[job], o.expected.Replace(prints))
}

func (o *operators) run(t *testing.T, args, settings []string, prints string) (printed string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, o.program, args...)
	command.Dir, command.Env, command.Stdin = o.directory, append([]string{"PATH=" + os.Getenv("PATH")}, settings...), strings.NewReader(o.keys)
	out, err := command.CombinedOutput()
	if err != nil || !strings.Contains(string(out), prints) {
		t.Errorf("operator %q: %v, want %q printed\n%s", args, err, prints, out)
	}
	return string(out)
}

// operatorProgram builds the operators' program.
func operatorProgram(t *testing.T) (path string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	module, err := stand.ModuleRoot(ctx)
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "operator")
	build := exec.CommandContext(ctx, "go", "build", "-o", path, "./run/operator")
	build.Dir = module
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the program: %v\n%s", err, text)
	}
	return path
}
