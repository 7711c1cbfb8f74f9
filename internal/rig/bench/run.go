package bench

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"example.com/missionpot/internal/rig/stand"
)

// experimentTime bounds one experiment, so that a run ends by itself.
const experimentTime = 15 * time.Minute

// Bench is a run under way.
type Bench struct {
	Scale Scale
	Stand *Stand

	progress *Progress
	cleanups []func() error
}

// Run runs the rounds of experiments and returns their rows in order.
func Run(ctx context.Context, parts stand.Parts, module string, scale Scale, experiments []Experiment, progress *Progress) (results []Result, err error) {
	stand, err := newStand(ctx, parts, module)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, stand.Close()) }()
	progress.begin(experiments, scale)
	for _, e := range experiments {
		b := &Bench{Scale: scale, Stand: stand, progress: progress}
		rows, err := b.run(ctx, e)
		if err != nil {
			return results, fmt.Errorf("%s: %w", e.Name, err)
		}
		results = append(results, rows...)
	}
	progress.end()
	return results, nil
}

// Cleanup registers a function to call when the experiment is over, last first.
func (b *Bench) Cleanup(undo func() error) { b.cleanups = append(b.cleanups, undo) }

func (b *Bench) undo() (err error) {
	for _, undo := range slices.Backward(b.cleanups) {
		err = errors.Join(err, undo())
	}
	return err
}

// Status shows what is going on, next to the progress bar.
func (b *Bench) Status(what string) { b.progress.now(what) }

func (b *Bench) run(ctx context.Context, e Experiment) (_ []Result, err error) {
	ctx, cancel := context.WithTimeout(ctx, experimentTime)
	defer cancel()
	defer func() { err = errors.Join(err, b.undo()) }()
	b.progress.experiment(e.Name)
	b.Status("preparing")
	subjects, err := e.Setup(ctx, b)
	if err != nil {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	rounds := make([]Figures, e.rounds(b.Scale))
	for i := range rounds {
		if rounds[i], err = b.round(ctx, i, len(rounds), subjects); err != nil {
			return nil, err
		}
	}
	results := make([]Result, len(e.Rows))
	for i, row := range e.Rows {
		results[i] = row.result(rounds)
	}
	return results, nil
}

func (e Experiment) rounds(s Scale) int {
	if e.Rounds > 0 {
		return e.Rounds
	}
	return s.Rounds
}

// round measures every subject once. Every other round runs in reverse order, so that the first
// subject of one round is the last of the next.
func (b *Bench) round(ctx context.Context, n, of int, subjects []Subject) (Figures, error) {
	order := slices.Clone(subjects)
	if n%2 == 1 {
		slices.Reverse(order)
	}
	all := Figures{}
	for _, s := range order {
		b.Status(fmt.Sprintf("round %d of %d: %s", n+1, of, s.Name))
		figures, err := s.Measure(ctx)
		if err != nil {
			return nil, fmt.Errorf("measure %s: %w", s.Name, err)
		}
		maps.Copy(all, figures)
	}
	b.progress.step()
	return all, nil
}
