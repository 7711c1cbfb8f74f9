package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Faults last between these two. An outage of a few seconds already shows whether a caller retries;
// minutes would only take longer.
const (
	shortestFault = 1500 * time.Millisecond
	longestFault  = 6 * time.Second
	// quiet is the beginning and the end of the drive without a new fault.
	quiet = 4 * time.Second
)

// NewTimetable draws the faults and their times. Each kind comes once before any comes again, so
// that a short run has all of them. Links take turns the same way.
func NewTimetable(seed uint64, s Scenario, links []string) []Fault {
	r := generator(seed, partTimetable)
	nextKind, nextLink := deck(r, kinds), deck(r, links)
	var all []Fault
	for at := quiet; at < s.Drive-quiet; at += s.FaultEvery/2 + time.Duration(r.Int64N(int64(s.FaultEvery))) {
		f := Fault{At: at, Kind: nextKind(), Instance: r.IntN(2)}
		switch f.Kind {
		case CutLink, DelayLink, ThrottleLink, SwallowLink:
			f.Link = nextLink()
		}
		if f.Kind.lasting() {
			f.Lasts = shortestFault + time.Duration(r.Int64N(int64(longestFault-shortestFault)))
		}
		all = append(all, f)
	}
	return all
}

// deck returns shuffled items one by one, and shuffles again when none is left.
func deck[T any](r *rand.Rand, cards []T) func() T {
	var left []T
	return func() T {
		if len(left) == 0 {
			left = slices.Clone(cards)
			r.Shuffle(len(left), func(i, j int) { left[i], left[j] = left[j], left[i] })
		}
		next := left[len(left)-1]
		left = left[:len(left)-1]
		return next
	}
}

// saboteur carries out a timetable. Make one with newSaboteur.
type saboteur struct {
	stand  *system
	report func(string)

	mu     sync.Mutex
	places map[string]chan struct{}
	struck map[Kind]int
	now    []string // what is broken now
	errs   []error
}

func newSaboteur(s *system, report func(string)) *saboteur {
	return &saboteur{stand: s, report: report, places: map[string]chan struct{}{}, struck: map[Kind]int{}}
}

// run starts each fault at its time. When it returns, at the end of the timetable or of ctx,
// everything it broke is repaired.
func (s *saboteur) run(ctx context.Context, table []Fault) error {
	began := time.Now()
	var all sync.WaitGroup
	for _, f := range table {
		select {
		case <-ctx.Done():
		case <-time.After(time.Until(began.Add(f.At))):
			all.Go(func() { s.suffer(ctx, f) })
		}
	}
	all.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(s.errs...)
}

// suffer runs one fault from start to end. Two faults can't be at one place at once: the later one
// waits.
func (s *saboteur) suffer(ctx context.Context, f Fault) {
	place := s.placeOf(f)
	select {
	case <-ctx.Done():
		return
	case place <- struct{}{}:
		defer func() { <-place }()
	}
	repair, err := s.stand.strike(ctx, f)
	if errors.Is(err, errNotHere) {
		return
	}
	if err != nil {
		s.fail(fmt.Errorf("%s: %w", f, err))
		return
	}
	s.begin(f)
	defer s.end(f)
	s.report(f.String())
	select {
	case <-ctx.Done():
	case <-time.After(f.Lasts):
	}
	if err := repair(); err != nil {
		s.fail(fmt.Errorf("repair %s: %w", f, err))
	}
}

// placeOf returns the lock on what a fault needs for itself.
func (s *saboteur) placeOf(f Fault) chan struct{} {
	name := string(f.Kind)
	switch f.Kind {
	case RepeatPushes, RefusePushes, LosePushes, HangPushes:
		name = "pushes"
	case CutLink, DelayLink, ThrottleLink, SwallowLink:
		name = f.Link
	case KillMidBatch:
		name = midBatchLink
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.places[name] == nil {
		s.places[name] = make(chan struct{}, 1)
	}
	return s.places[name]
}

func (s *saboteur) begin(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = append(s.now, f.String())
	s.struck[f.Kind]++
}

func (s *saboteur) end(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.now, f.String()); i >= 0 {
		s.now = slices.Delete(s.now, i, i+1)
	}
}

func (s *saboteur) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.errs = append(s.errs, err)
}

// count returns how many faults have started, and what is broken now.
func (s *saboteur) count() (total int, now []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.struck {
		total += n
	}
	return total, slices.Clone(s.now)
}
