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
	"github.com/jackc/pgx/v5/pgxpool"

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
	// lookEvery is how often the ledger is queried for its bets; it is part of what is measured.
	lookEvery = 20 * time.Millisecond
	// visibleTime bounds the wait for the last bets.
	visibleTime = 30 * time.Second
)

func visible() Experiment {
	const held, shown = "accepted to held, p99", "accepted to shown, p99"
	return Experiment{
		Name: "visible",
		Rows: []Row{
			{Name: "visible_held_p99", What: "from a bet's answer to its row in the ledger, at 200 bets/s over 8 missions", Unit: "ms", Value: held, Less: true, Goal: Goal{AtMost: 2000}},
			{Name: "visible_pot_p99", What: "from a bet's answer to a watcher who sees it in the pot; a live document changes once a second", Unit: "ms", Value: shown, Less: true, Goal: Goal{AtMost: 2000}},
		},
		Setup: func(ctx context.Context, b *Bench) ([]Subject, error) {
			s, err := startSystem(ctx, b, 2000, steadyMissions)
			if err != nil {
				return nil, err
			}
			pool, err := openPool(ctx, b, s.UsersDSN(), 1)
			if err != nil {
				return nil, err
			}
			return []Subject{{Name: "200 bets/s", Measure: func(ctx context.Context) (Figures, error) {
				ctx, cancel := context.WithTimeout(ctx, b.Scale.Steady+visibleTime)
				defer cancel()
				v := &steady{system: s, ledger: pool, bets: map[uuid.UUID]*seenBet{}, pots: map[uuid.UUID][]seenPot{}}
				if err := v.run(ctx, b.Scale.Warmup, b.Scale.Steady); err != nil {
					return nil, err
				}
				heldTimes, shownTimes := v.times()
				return Figures{held: milliseconds(quantile(heldTimes, 0.99)), shown: milliseconds(quantile(shownTimes, 0.99))}, nil
			}}}, nil
		},
	}
}

func milliseconds(d time.Duration) float64 { return d.Seconds() * 1000 }

// steady is a load that does not wait for answers, and the observations of it.
type steady struct {
	*system
	ledger *pgxpool.Pool

	mu      sync.Mutex
	bets    map[uuid.UUID]*seenBet
	waiting int                     // bets not yet held
	pots    map[uuid.UUID][]seenPot // by mission, as a watcher saw them
}

// seenBet is a bet with the times of its answer, its row and its pot.
type seenBet struct {
	mission        uuid.UUID
	counts         bool // came after the warm-up
	accepted, held time.Time
	pot            ledger.Won // of the mission, the bet in it
}

type seenPot struct {
	total ledger.Won
	at    time.Time
}

func (v *steady) run(ctx context.Context, warmup, spell time.Duration) error {
	ctx, stop := context.WithCancelCause(ctx)
	var watching, looking sync.WaitGroup
	defer watching.Wait()
	defer stop(nil)
	for _, id := range v.missions {
		watching.Go(func() {
			if err := v.watchPot(ctx, id); err != nil && ctx.Err() == nil {
				stop(err)
			}
		})
	}
	looking.Go(func() {
		if err := v.look(ctx); ctx.Err() == nil {
			stop(err)
		}
	})
	defer looking.Wait()
	defer stop(nil)
	if err := errors.Join(v.arrive(ctx, warmup, spell, stop), context.Cause(ctx)); err != nil {
		return err
	}
	for !v.allShown() {
		if err := pause(ctx, lookEvery); err != nil {
			return fmt.Errorf("not every bet was seen: %w", errors.Join(err, context.Cause(ctx)))
		}
	}
	return nil
}

// arrive sends bets at a steady rate and returns when all are answered.
func (v *steady) arrive(ctx context.Context, warmup, spell time.Duration, stop context.CancelCauseFunc) error {
	var answers sync.WaitGroup
	defer answers.Wait()
	ticker := time.NewTicker(time.Second / steadyRate)
	defer ticker.Stop()
	began := time.Now()
	for n := 0; time.Since(began) < warmup+spell; n++ {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		counts := time.Since(began) > warmup
		answers.Go(func() {
			id := v.missions[n%len(v.missions)]
			betID, err := v.bet(ctx, n%len(v.people), id)
			if err != nil {
				stop(err)
				return
			}
			v.mu.Lock()
			defer v.mu.Unlock()
			v.bets[betID] = &seenBet{mission: id, counts: counts, accepted: time.Now()}
			v.waiting++
		})
	}
	return nil
}

// look ends with ctx or an error. It queries the ledger for the waiting bets that it has by now, and for
// their pots including them.
func (v *steady) look(ctx context.Context) error {
	const sql = `SELECT l.id, e.inflow FROM ledger l JOIN escrows e ON e.mission_id = l.mission_id WHERE l.id = ANY($1) AND l.kind = 'hold'`
	for {
		if err := pause(ctx, lookEvery); err != nil {
			return err
		}
		waiting := v.unheld()
		if len(waiting) == 0 {
			continue
		}
		rows, err := v.ledger.Query(ctx, sql, waiting)
		if err != nil {
			return fmt.Errorf("look at the ledger: %w", err)
		}
		v.mu.Lock()
		for rows.Next() {
			var id uuid.UUID
			var pot int64
			if err = rows.Scan(&id, &pot); err != nil {
				break
			}
			bet := v.bets[id]
			bet.held, bet.pot = time.Now(), ledger.Won(pot)
			v.waiting--
		}
		v.mu.Unlock()
		rows.Close()
		if err = errors.Join(err, rows.Err()); err != nil {
			return fmt.Errorf("look at the ledger: %w", err)
		}
	}
}

func (v *steady) unheld() []uuid.UUID {
	v.mu.Lock()
	defer v.mu.Unlock()
	var ids []uuid.UUID
	for id, bet := range v.bets {
		if v.waiting > 0 && bet.held.IsZero() {
			ids = append(ids, id)
		}
	}
	return ids
}

// watchPot follows a mission's event stream.
func (v *steady) watchPot(ctx context.Context, id uuid.UUID) error {
	conn, lines, err := watch(ctx, v.API.URL(), id)
	if err != nil {
		return err
	}
	defer conn.Close()
	context.AfterFunc(ctx, func() { _ = conn.Close() })
	for {
		data, err := nextEvent(lines)
		if err != nil {
			return err
		}
		at := time.Now()
		var e mission.Event
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			return fmt.Errorf("read an event: %w", err)
		}
		v.mu.Lock()
		v.pots[id] = append(v.pots[id], seenPot{e.Mission.Reward, at})
		v.mu.Unlock()
	}
}

// allShown reports whether a watcher has seen every bet in its pot.
func (v *steady) allShown() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, bet := range v.bets {
		if _, shown := v.shown(bet); !shown {
			return false
		}
	}
	return true
}

// shown is when a bet's pot, or a larger one, was seen first.
func (v *steady) shown(bet *seenBet) (time.Time, bool) {
	pots := v.pots[bet.mission]
	i := slices.IndexFunc(pots, func(p seenPot) bool { return p.total >= bet.pot })
	if i < 0 || bet.held.IsZero() {
		return time.Time{}, false
	}
	return pots[i].at, true
}

// times returns the waits of the bets that count.
func (v *steady) times() (held, shown []time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, bet := range v.bets {
		if !bet.counts {
			continue
		}
		at, _ := v.shown(bet)
		held = append(held, bet.held.Sub(bet.accepted))
		shown = append(shown, at.Sub(bet.accepted))
	}
	return held, shown
}
