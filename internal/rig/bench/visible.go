package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/core/mission"
)

const (
	// steadyRate is how many bets arrive in a second, whether or not earlier ones have been
	// answered.
	steadyRate = 200
	// steadyMissions are bet on in turn, so that each has many bets per change of its live
	// document.
	steadyMissions = 8
	// visibleTime bounds the wait for the last bets.
	visibleTime = 30 * time.Second
)

func visible() Experiment {
	const held, shown = "accepted to held, p99", "accepted to shown, p99"
	return Experiment{
		Name: "visible",
		Rows: []Row{
			{Name: "visible_held_p99", What: "from a bet's answer to its row in the ledger, at 200 bets/s over 8 missions", Unit: "ms", Value: held, Goal: Goal{AtMost: 2000}},
			{Name: "visible_pot_p99", What: "from a bet's answer to a watcher who sees it in the pot; a live document changes once a second", Unit: "ms", Value: shown, Goal: Goal{AtMost: 2000}},
		},
		Setup: func(ctx context.Context, b *Bench) ([]Subject, error) {
			s, err := startSystem(ctx, b, 2000, steadyMissions)
			if err != nil {
				return nil, err
			}
			return []Subject{{Name: "200 bets/s", Measure: func(ctx context.Context) (Figures, error) {
				ctx, cancel := context.WithTimeout(ctx, b.Scale.Steady+visibleTime)
				defer cancel()
				v := &steady{system: s, accepted: map[uuid.UUID]time.Time{}, pots: map[uuid.UUID][]seenPot{}}
				waits, err := v.measure(ctx, b.Scale)
				return Figures{held: milliseconds(quantile(waits.held, 0.99)), shown: milliseconds(quantile(waits.shown, 0.99))}, err
			}}}, nil
		},
	}
}

// steady is a load that does not wait for answers, and the observations of it.
type steady struct {
	*system

	mu       sync.Mutex
	accepted map[uuid.UUID]time.Time // bets after the warm-up, with the time of their answer
	pots     map[uuid.UUID][]seenPot // by mission, as a watcher saw them
}

type seenPot struct {
	total ledger.Won
	at    time.Time
}

// waits are the times from the bets' answers on.
type waits struct{ held, shown []time.Duration }

// measure sends bets while the missions are watched, and waits until each is held and shown.
func (v *steady) measure(ctx context.Context, s Scale) (found waits, err error) {
	group, ctx := errgroup.WithContext(ctx)
	ctx, stop := context.WithCancel(ctx)
	for _, id := range v.missions {
		group.Go(func() error {
			if err := v.watchPot(ctx, id); ctx.Err() == nil {
				return err
			}
			return nil
		})
	}
	group.Go(func() error {
		defer stop()
		if err := v.send(ctx, s); err != nil {
			return err
		}
		for found.shown == nil {
			if err := pause(ctx, 100*time.Millisecond); err != nil {
				return fmt.Errorf("not every bet was seen: %w", err)
			}
			if found, err = v.look(ctx); err != nil {
				return fmt.Errorf("look at the ledger: %w", err)
			}
		}
		return nil
	})
	return found, group.Wait()
}

// send bets at a steady rate and returns when all bets are answered.
func (v *steady) send(ctx context.Context, s Scale) (err error) {
	counted := time.Now().Add(s.Warmup)
	spell, end := context.WithTimeout(ctx, s.Warmup+s.Steady)
	defer end()
	steadily(spell, steadyRate, func(n int, due time.Time) {
		id, failed := v.bet(ctx, n%len(v.people), v.missions[n%len(v.missions)])
		v.mu.Lock()
		defer v.mu.Unlock()
		err = errors.Join(err, failed)
		if due.After(counted) {
			v.accepted[id] = time.Now()
		}
	})
	return err
}

// watchPot records the pots that a watcher of a mission sees.
func (v *steady) watchPot(ctx context.Context, id uuid.UUID) error {
	w, err := v.watch(ctx, id)
	if err != nil {
		return err
	}
	for {
		data, err := w.next()
		if err != nil {
			return err
		}
		at := time.Now()
		var e mission.Event
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			return fmt.Errorf("read an event: %w", err)
		}
		v.mu.Lock()
		v.pots[id] = append(v.pots[id], seenPot{e.Mission.Pot, at})
		v.mu.Unlock()
	}
}

// heldBet is a bet in the ledger.
type heldBet struct {
	ID, Mission uuid.UUID
	Held        time.Time  // the end of its transaction
	Pot         ledger.Won // of the mission, from this bet on
}

// look returns the waits once all bets are held and shown, and none before that. The ledger has the
// time that each transaction was committed.
func (v *steady) look(ctx context.Context) (waits, error) {
	const sql = `SELECT id, mission_id AS mission, held, sum(amount) OVER (PARTITION BY mission_id ORDER BY held, seq)::bigint AS pot
		FROM (SELECT *, pg_xact_commit_timestamp(xmin) AS held FROM ledger WHERE kind = 'hold') AS bets`
	rows, err := v.ledger.Query(ctx, sql)
	if err != nil {
		return waits{}, err
	}
	bets, err := pgx.CollectRows(rows, pgx.RowToStructByName[heldBet])
	if err != nil {
		return waits{}, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	var found waits
	for _, bet := range bets {
		accepted, counts := v.accepted[bet.ID]
		if !counts {
			continue
		}
		pots := v.pots[bet.Mission]
		i := slices.IndexFunc(pots, func(p seenPot) bool { return p.total >= bet.Pot })
		if i < 0 {
			return waits{}, nil
		}
		found.held = append(found.held, bet.Held.Sub(accepted))
		found.shown = append(found.shown, pots[i].at.Sub(accepted))
	}
	if len(found.held) < len(v.accepted) {
		return waits{}, nil
	}
	return found, nil
}
