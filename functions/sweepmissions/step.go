// Package sweepmissions is the step that keeps missions from waiting for ever.
// At each tick it ends missions whose time is up, repeats verdicts that have no
// settlement yet, and copies events to the board that their writer did not
// copy.
//
// State is the outbox: the step finds what a crash or an outage left half done
// in the missions instance, and does it again.
package sweepmissions

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/mission"
)

// How much one tick may do (rule 17). The rest waits for the next one.
const (
	pageSize  = 100
	maxPages  = 10  // 1,000 missions ended, and 1,000 verdicts repeated
	copyLimit = 500 // missions whose events are copied
	// copyAge is how long an event may wait for its own writer, which has at
	// most 10 s to copy it.
	copyAge = 30 * time.Second
	// parallel is how many missions are handled at once. At about 80 ms each
	// for Pub/Sub and Firestore, a full tick takes 20 of its 50 seconds.
	parallel = 8
	// namedErrors is how many failures an error includes. An outage causes
	// thousands of the same kind.
	namedErrors = 5
)

// Missions is the part of the missions instance that the step uses.
type Missions interface {
	// Expire ends missions whose deadline has passed and returns them.
	Expire(ctx context.Context, limit int) ([]mission.Mission, error)
	// Unsettled returns decided missions whose verdict is due to be published again.
	Unsettled(ctx context.Context, limit int) ([]mission.Mission, error)
	// UncopiedMissions lists missions with events that have not been copied for that long.
	UncopiedMissions(ctx context.Context, olderThan time.Duration, limit int) ([]uuid.UUID, error)
}

// Board shows a mission's new events to its watchers.
type Board interface {
	Mission(ctx context.Context, id uuid.UUID) error
}

// Publisher publishes events for the other steps. It returns once Pub/Sub has them.
type Publisher interface {
	Publish(ctx context.Context, events ...event.Event) error
}

// Step sweeps. Make one with New; it is safe for concurrent use.
type Step struct {
	missions Missions
	board    Board
	bus      Publisher
	now      func(context.Context) (time.Time, error)
	busy     sync.Mutex
}

// New makes the step. Its clock decides which ticks are old. It is the missions
// instance's, because the clock of an instance of this step may be minutes off.
func New(missions Missions, board Board, bus Publisher, now func(context.Context) (time.Time, error)) *Step {
	return &Step{missions: missions, board: board, bus: bus, now: now}
}

// Handle does one round. A tick that is old, or comes while a round is running,
// is dropped: the next one does the same work. Each part runs, and each mission
// is handled, even if another fails. The error includes the failures.
func (s *Step) Handle(ctx context.Context, e event.Event) error {
	tick, ok := e.(event.Tick)
	if !ok {
		return fmt.Errorf("%w: sweepmissions does not handle %s", event.ErrMalformed, e.Type())
	}
	now, err := s.now(ctx)
	if err != nil {
		return err
	}
	if tick.Old(now) || !s.busy.TryLock() {
		return nil
	}
	defer s.busy.Unlock()
	return errors.Join(s.expire(ctx), s.repeat(ctx), s.copy(ctx))
}

// expire ends overdue missions, then publishes their verdicts and updates the
// board. If that fails the mission stays ended, and a later tick repeats its
// verdict and copies its event.
func (s *Step) expire(ctx context.Context) error {
	return pages(ctx, s.missions.Expire, func(ctx context.Context, m mission.Mission) error {
		return errors.Join(s.publish(ctx, m), s.board.Mission(ctx, m.ID))
	})
}

// repeat publishes verdicts again that are not settled.
func (s *Step) repeat(ctx context.Context) error {
	return pages(ctx, s.missions.Unsettled, s.publish)
}

// copy brings the board up to date for missions whose events were not copied.
func (s *Step) copy(ctx context.Context) error {
	ids, err := s.missions.UncopiedMissions(ctx, copyAge, copyLimit)
	if err != nil {
		return err
	}
	return each(ctx, ids, s.board.Mission)
}

// publish publishes a mission's verdict.
func (s *Step) publish(ctx context.Context, m mission.Mission) error {
	closing, decided := m.Closing()
	if !decided {
		return fmt.Errorf("mission %s has no verdict to publish", m.ID)
	}
	if err := s.bus.Publish(ctx, event.NewVerdictGiven(closing)); err != nil {
		return fmt.Errorf("mission %s is %s, but that was not published: %w", m.ID, m.Status, err)
	}
	return nil
}

// pages reads missions page by page, until there are no more, and calls do for each.
func pages(ctx context.Context, take func(context.Context, int) ([]mission.Mission, error), do func(context.Context, mission.Mission) error) error {
	var failed []error
	for range maxPages {
		page, err := take(ctx, pageSize)
		if err != nil {
			return errors.Join(append(failed, err)...)
		}
		failed = append(failed, each(ctx, page, do))
		if len(page) < pageSize {
			break
		}
	}
	return errors.Join(failed...)
}

// each calls do for all items, several at a time, and continues after a failure.
func each[T any](ctx context.Context, items []T, do func(context.Context, T) error) error {
	errs := make([]error, len(items))
	var group errgroup.Group
	group.SetLimit(parallel)
	for i, item := range items {
		group.Go(func() error {
			errs[i] = do(ctx, item)
			return nil
		})
	}
	_ = group.Wait() // failures are collected in the slice
	failed := failures(errs)
	if len(failed) <= namedErrors {
		return errors.Join(failed...)
	}
	return errors.Join(append(failed[:namedErrors:namedErrors], fmt.Errorf("and %d more of %d", len(failed)-namedErrors, len(items)))...)
}

func failures(errs []error) []error {
	var failed []error
	for _, err := range errs {
		if err != nil {
			failed = append(failed, err)
		}
	}
	return failed
}
