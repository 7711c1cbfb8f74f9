// Package sweepmissions is the step that lets no mission wait for ever. At each
// tick it ends missions whose time is up, repeats verdicts that no settlement
// followed, and copies events to the board that their writer left behind.
//
// State is the outbox: whatever a crash or an outage left half done is found
// here by what the missions instance says, and done again.
package sweepmissions

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"example.com/missionpot/internal/event"
	"example.com/missionpot/internal/mission"
)

// How much one tick may do (rule 17). What is left waits for the next one.
const (
	pageSize  = 100
	maxPages  = 10  // 1,000 missions ended, and 1,000 verdicts repeated
	copyLimit = 500 // missions whose events are copied
	// copyAge is how long an event may wait for its own writer, who has 10 s at
	// most for it.
	copyAge = 30 * time.Second
	// parallel is how many missions are told of at once: at about 80 ms each for
	// Pub/Sub and Firestore, a full tick takes 20 of its 50 seconds.
	parallel = 8
	// namedErrors is how many failures an error tells of; an outage makes
	// thousands of the same.
	namedErrors = 5
)

// Missions is what the step asks of the missions instance.
type Missions interface {
	// Expire ends missions whose deadline has passed and returns them.
	Expire(ctx context.Context, limit int) ([]mission.Mission, error)
	// Unsettled returns decided missions whose verdict is to be told again by now.
	Unsettled(ctx context.Context, limit int) ([]mission.Mission, error)
	// UncopiedMissions lists missions with events left uncopied that long.
	UncopiedMissions(ctx context.Context, olderThan time.Duration, limit int) ([]uuid.UUID, error)
}

// Board shows a mission's new events to those who watch.
type Board interface {
	Mission(ctx context.Context, id uuid.UUID) error
}

// Publisher tells the other steps. It returns once Pub/Sub has the events.
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

// New makes the step. Its clock tells which ticks are old; it is the missions
// instance's, because that of an instance of this step may be minutes off.
func New(missions Missions, board Board, bus Publisher, now func(context.Context) (time.Time, error)) *Step {
	return &Step{missions: missions, board: board, bus: bus, now: now}
}

// Handle does one round. A tick that is old, or comes while a round is running,
// is dropped: the next one does the same work. Each part, and each mission, is
// tried whatever became of the others; the error tells of those that failed.
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

// expire ends overdue missions, then tells the ledger and the board. A mission
// whose telling fails stays ended: its verdict is repeated and its event copied
// by a later tick.
func (s *Step) expire(ctx context.Context) error {
	return pages(ctx, s.missions.Expire, func(ctx context.Context, m mission.Mission) error {
		return errors.Join(s.tell(ctx, m), s.board.Mission(ctx, m.ID))
	})
}

// repeat tells the ledger of verdicts again that it has not settled.
func (s *Step) repeat(ctx context.Context) error {
	return pages(ctx, s.missions.Unsettled, s.tell)
}

// copy brings boards up to date that were left behind.
func (s *Step) copy(ctx context.Context) error {
	ids, err := s.missions.UncopiedMissions(ctx, copyAge, copyLimit)
	if err != nil {
		return err
	}
	return each(ctx, ids, s.board.Mission)
}

// tell publishes a mission's verdict.
func (s *Step) tell(ctx context.Context, m mission.Mission) error {
	closing, decided := m.Closing()
	if !decided {
		return fmt.Errorf("mission %s has no verdict to tell", m.ID)
	}
	if err := s.bus.Publish(ctx, event.GivenVerdict(closing)); err != nil {
		return fmt.Errorf("mission %s is %s, but that was not told: %w", m.ID, m.Status, err)
	}
	return nil
}

// pages takes missions page by page, until there are no more, and does
// something for each.
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

// each does something for all items, some at a time, and goes on after a
// failure.
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
	_ = group.Wait() // no item's failure is the group's
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
