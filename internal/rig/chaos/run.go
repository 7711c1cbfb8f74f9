package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"example.com/missionpot/internal/rig/stand"
)

// Options configure a run.
type Options struct {
	Scenario Scenario
	Seed     uint64
	Module   string    // directory of go.mod; the programs are built from it
	Mutation *Mutation // a guard to turn off; nil for none
	Out      io.Writer // output for a person: progress, faults, what this machine can't do
	Terminal bool      // Out is a terminal, and shows a bar
	Logs     string    // directory the programs' and servers' logs are copied to; none if empty
}

// Run does one run, from an empty stand to the verdict. The error is about the run itself; findings
// are in the verdict. It ends by itself, within about the scenario's Drive and Recovery, and leaves
// nothing running.
func Run(ctx context.Context, o Options) (v *Verdict, err error) {
	source := newOverlay(o.Module)
	if err := o.Mutation.apply(source); err != nil {
		return nil, err
	}
	if err := source.skew(); err != nil {
		return nil, err
	}
	scratch, err := stand.NewScratch()
	if err != nil {
		return nil, err
	}
	r := &run{Options: o, screen: newScreen(o.Out, o.Terminal), plan: NewPlan(o.Seed, o.Scenario)}
	defer func() {
		err = errors.Join(err, copyLogs(scratch.Dir, o.Logs), scratch.Close())
	}()
	r.say("seed %d, %s: %d bets by %d users over %d missions", o.Seed, o.Scenario.Name, o.Scenario.Bets, o.Scenario.Users, o.Scenario.Missions)
	if r.stand, err = startStand(ctx, o, source, scratch.Dir, func(text string) { r.say("%s", text) }); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.stand.close()) }()
	return r.run(ctx)
}

// copyLogs copies the logs of programs and servers, if a directory is set.
func copyLogs(from, to string) error {
	if to == "" {
		return nil
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	logs, err := filepath.Glob(filepath.Join(from, "*.log"))
	if err != nil {
		return err
	}
	for _, file := range logs {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, filepath.Base(file)), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// run is one run on a stand that is up.
type run struct {
	Options
	*screen
	plan  Plan
	stand *system

	driver   *driver
	saboteur *saboteur
	healed   time.Time
}

func (r *run) run(ctx context.Context) (*Verdict, error) {
	for _, instance := range slices.Sorted(maps.Keys(r.stand.offsets)) {
		r.say("the clock of %s is off by %s", instance, r.stand.offsets[instance])
	}
	if err := r.stand.addAccounts(ctx, r.plan.Accounts); err != nil {
		return nil, err
	}
	if err := r.Mutation.applySQL(ctx, r.stand); err != nil {
		return nil, err
	}
	bases := make([]string, len(r.stand.apis))
	for i, api := range r.stand.apis {
		bases[i] = api.URL()
	}
	model := NewModel(r.plan)
	r.driver = &driver{clients: newClients(bases, r.plan.Accounts, r.stand.keys, r.Scenario.Clients), model: model, scenario: r.Scenario}
	r.saboteur = newSaboteur(r.stand, func(text string) { r.say("%s", text) })
	r.stand.keep(func(text string) {
		first, _, _ := strings.Cut(text, "\n")
		r.say("%s", first)
	})
	stop := r.show(r.status)
	defer stop()
	v := &Verdict{}
	if err := r.breakAndDrive(ctx, v); err != nil {
		return nil, err
	}
	return v, r.recover(ctx, v)
}

// breakAndDrive runs the clients and the faults until the drive is over and everything is repaired.
func (r *run) breakAndDrive(ctx context.Context, v *Verdict) error {
	links := slices.Sorted(maps.Keys(r.stand.links))
	table := NewTimetable(r.Seed, r.Scenario, links)
	driving, cancel := context.WithTimeout(ctx, r.Scenario.Drive+r.Scenario.Recovery)
	defer cancel()
	broken := make(chan error, 1)
	go func() { broken <- r.saboteur.run(ctx, table) }()
	r.driver.drive(driving)
	if err := <-broken; err != nil {
		return fmt.Errorf("break the stand: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	r.stand.deliveries.rest()
	r.healed = time.Now()
	r.say("nothing is broken any more; waiting for everything to finish")
	for _, client := range r.driver.wait(driving) {
		v.stuck(1, "%s", client)
	}
	return nil
}

// recover waits until nothing is unfinished, and then checks everything.
func (r *run) recover(ctx context.Context, v *Verdict) error {
	left, err := r.awaitQuiet(ctx)
	if err != nil {
		return err
	}
	v.RecoveredIn = time.Since(r.healed)
	r.say("checking the result")
	for _, what := range slices.Sorted(maps.Keys(left)) {
		v.stuck(left[what], "%d %s", left[what], what)
	}
	truth, err := r.stand.readTruth(ctx)
	if err != nil {
		return err
	}
	asking, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	reported, err := r.driver.ask(asking, r.driver.model)
	if err != nil && ctx.Err() == nil {
		v.stuck(1, "the API does not return everything: %v", err)
	}
	newAudit(v, r.driver.model, truth, reported).run()
	for _, letter := range truth.dead {
		v.stuck(1, "%s", letter)
	}
	if err := r.stand.checkBooks(ctx, v); err != nil {
		return err
	}
	if err := r.stand.checkAnswers(ctx, v); err != nil {
		return err
	}
	for _, crash := range r.stand.crashes() {
		v.stuck(1, "%s", crash)
	}
	r.summarize()
	r.say("%d bets were logged after their mission's success and held before its escrow was closed", v.Late)
	return ctx.Err()
}

// summarize prints how often each kind of event happened.
func (r *run) summarize() {
	for _, kind := range kinds {
		if n := r.saboteur.struck[kind]; n > 0 {
			r.say("%4d × %s", n, kind)
		} else if kind != FillDisk || r.stand.disk != nil {
			r.say("this run had no fault of the kind: %s", kind)
		}
	}
	r.say("%d kills met a batch in its transaction", r.stand.midBatch)
	pushes := r.stand.deliveries.counts()
	for _, what := range slices.Sorted(maps.Keys(pushes)) {
		r.say("%d pushes were %s", pushes[what], what)
	}
}

// awaitQuiet waits until everything is finished, or time is up, and returns what is not.
func (r *run) awaitQuiet(ctx context.Context) (left map[string]int, err error) {
	end := r.healed.Add(r.Scenario.Recovery)
	for {
		var log []entry
		if log, err = r.stand.readLog(ctx); err == nil {
			left, err = r.stand.unfinished(ctx, log, r.Scenario.AllMails)
		}
		if err == nil && len(left) == 0 || ctx.Err() != nil || time.Now().After(end) {
			return left, err
		}
		r.watch(left)
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}
