package rebuild

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/core/mission"
)

// Ledger is a users instance that was restored to an earlier time.
type Ledger interface {
	// Mark is how far the sweep had read a shard of the log by then.
	Mark(ctx context.Context, shard int) (ledger.Mark, error)
	Hold(ctx context.Context, bets []ledger.Bet) ([]ledger.Ruling, error)
	CloseEscrow(ctx context.Context, c ledger.Closing) (ledger.Ending, error)
	SettleChunk(ctx context.Context, mission uuid.UUID, limit int) (*ledger.Settlement, error)
	// RestoreCharge records a charge unless it is known, and reports whether it
	// did. The error is fault.Unauthenticated if its user is unknown.
	RestoreCharge(ctx context.Context, c ledger.Charge) (bool, error)
	ResolveCharge(ctx context.Context, id uuid.UUID, succeeded bool) error
	EscrowOf(ctx context.Context, mission uuid.UUID) (Escrow, bool, error)
	// RaiseVersion makes an escrow's version higher than the mission's, so that
	// its pot is published and applied again.
	RaiseVersion(ctx context.Context, mission uuid.UUID, above int64) error
}

// Log is the bet log, which was not restored.
type Log interface {
	Since(ctx context.Context, shard int, after ledger.Mark, before time.Time, limit int) ([]ledger.Logged, error)
}

// KeptMissions is the missions database, which was not restored.
type KeptMissions interface {
	// Page reads missions after an id, in the order of ids.
	Page(ctx context.Context, after uuid.UUID, limit int) ([]mission.Mission, error)
	// Reopen undoes a settlement, so that the verdict is repeated and the
	// ledger's figures are shown.
	Reopen(ctx context.Context, mission uuid.UUID) error
}

// Replayed is what a replay did, and what it could not do.
type Replayed struct {
	Charges  int // of the provider's statement that were missing
	Bets     int // read again
	Held     int // of them
	Settled  int // missions
	Reopened int // settlements of missions that the ledger's now differ from
	// Strangers are charges of users who signed up after that time. The
	// provider has their cash.
	Strangers []ledger.Charge
	// Declined are bets that the cash of that time and the listed charges since
	// do not cover, or whose user is missing. Some may have been declined
	// before as well.
	Declined []Declined
	// Undecided are bets that found no escrow: their stake is not in the log.
	Undecided []ledger.Bet
	// Changed are missions whose pot differs from the one that was shown.
	Changed []Changed
}

// Declined is a bet that was declined in a replay.
type Declined struct {
	ledger.Bet
	Reason ledger.Reason
}

// Changed is a pot that differs after a replay.
type Changed struct {
	MissionID uuid.UUID
	Shown     ledger.Won // before
	Now       ledger.Won
	Settled   bool // it was settled before, so users were mailed the old figure
}

const (
	batch = 500  // bets decided at once
	chunk = 1000 // contributors refunded at once
)

// Users brings a users instance up to date. The charges are those of the payment
// provider's statement since the moment, or more. It may be repeated, because
// everything it does happens once. No step and no call should move cash
// meanwhile.
func Users(ctx context.Context, l Ledger, log Log, missions KeptMissions, charges []ledger.Charge, now func() time.Time) (Replayed, error) {
	r := &replay{ledger: l, log: log, missions: missions}
	err := errors.Join(r.readVerdicts(ctx), r.openLog(ctx, now()))
	for _, step := range []func() error{
		func() error { return r.charge(ctx, charges) },
		func() error { return r.run(ctx) },
		func() error { return r.updateMissions(ctx) },
	} {
		if err == nil {
			err = step()
		}
	}
	if err != nil {
		return r.done, fmt.Errorf("replay the log: %w", err)
	}
	return r.done, nil
}

// replay is a replay under way.
type replay struct {
	ledger   Ledger
	log      Log
	missions KeptMissions
	verdicts []mission.Mission // by the time of the verdict
	cursors  []*cursor
	waiting  []ledger.Bet // found no escrow; their stake may come later
	done     Replayed
}

// charge credits what the provider took and the instance does not know.
func (r *replay) charge(ctx context.Context, charges []ledger.Charge) error {
	for _, c := range charges {
		first, err := r.ledger.RestoreCharge(ctx, c)
		if errors.Is(err, fault.Unauthenticated) {
			r.done.Strangers = append(r.done.Strangers, c)
			continue
		}
		if err != nil {
			return err
		}
		if err := r.ledger.ResolveCharge(ctx, c.ID, true); err != nil {
			return err
		}
		if first {
			r.done.Charges++
		}
	}
	return nil
}

// run takes bets and verdicts in the order of their time. A verdict may have
// reached the ledger before a bet that was logged just before it, and that
// order is not stored. So a bet that was declined then may be held now. It is
// then in the list of changes.
func (r *replay) run(ctx context.Context) error {
	for {
		next, err := r.earliest(ctx)
		if err != nil {
			return err
		}
		var until time.Time
		if len(r.verdicts) > 0 {
			until = *r.verdicts[0].DecidedAt
		}
		if next == nil && len(r.verdicts) == 0 {
			return r.last(ctx)
		}
		if next == nil || len(r.verdicts) > 0 && next.head().LoggedAt.After(until) {
			if err := r.settle(ctx, r.verdicts[0]); err != nil {
				return err
			}
			r.verdicts = r.verdicts[1:]
			continue
		}
		if err := r.hold(ctx, until); err != nil {
			return err
		}
	}
}

// hold decides the next bets, up to the time of the next verdict.
func (r *replay) hold(ctx context.Context, until time.Time) error {
	bets := r.waiting
	r.waiting = nil
	for range batch {
		next, err := r.earliest(ctx)
		if err != nil {
			return err
		}
		if next == nil || !until.IsZero() && next.head().LoggedAt.After(until) {
			break
		}
		bets = append(bets, next.take())
		r.done.Bets++
	}
	return r.decide(ctx, bets)
}

func (r *replay) decide(ctx context.Context, bets []ledger.Bet) error {
	rulings, err := r.ledger.Hold(ctx, bets)
	if err != nil {
		return err
	}
	for i, ruling := range rulings {
		switch {
		case errors.Is(ruling.Err, ledger.ErrNoEscrow):
			r.waiting = append(r.waiting, bets[i])
		case ruling.Err != nil:
			return fmt.Errorf("bet %s: %w", bets[i].ID, ruling.Err)
		case ruling.Outcome == ledger.Held:
			r.done.Held++
		default:
			r.done.Declined = append(r.done.Declined, Declined{bets[i], ruling.Reason})
		}
	}
	return nil
}

// last decides bets without an escrow once more.
func (r *replay) last(ctx context.Context) error {
	bets := r.waiting
	r.waiting = nil
	if len(bets) == 0 {
		return nil
	}
	err := r.decide(ctx, bets)
	r.done.Undecided, r.waiting = r.waiting, nil
	return err
}

func (r *replay) settle(ctx context.Context, m mission.Mission) error {
	closing, _ := m.Closing()
	if _, err := r.ledger.CloseEscrow(ctx, closing); err != nil {
		return err
	}
	for {
		settled, err := r.ledger.SettleChunk(ctx, m.ID, chunk)
		if err != nil {
			return err
		}
		if settled != nil {
			r.done.Settled++
			return nil
		}
	}
}

// readVerdicts reads which missions were decided, in the order that they were.
func (r *replay) readVerdicts(ctx context.Context) error {
	err := r.eachMission(ctx, func(m mission.Mission) error {
		if m.DecidedAt == nil {
			return nil
		}
		e, there, err := r.ledger.EscrowOf(ctx, m.ID)
		if err == nil && (!there || e.SettledAt.IsZero()) {
			r.verdicts = append(r.verdicts, m)
		}
		return err
	})
	slices.SortFunc(r.verdicts, func(a, b mission.Mission) int { return a.DecidedAt.Compare(*b.DecidedAt) })
	return err
}

func (r *replay) eachMission(ctx context.Context, do func(mission.Mission) error) error {
	for missions, err := range pages(ctx, page, r.missions.Page, func(m mission.Mission) uuid.UUID { return m.ID }) {
		if err != nil {
			return err
		}
		for _, m := range missions {
			if err := do(m); err != nil {
				return fmt.Errorf("mission %s: %w", m.ID, err)
			}
		}
	}
	return nil
}

// updateMissions makes the missions database apply the ledger's figures where they
// differ: the ledger is right, by definition.
func (r *replay) updateMissions(ctx context.Context) error {
	return r.eachMission(ctx, func(m mission.Mission) error {
		e, there, err := r.ledger.EscrowOf(ctx, m.ID)
		if err != nil {
			return err
		}
		if e.Inflow != m.Pot && m.PotVersion > 0 {
			r.done.Changed = append(r.done.Changed, Changed{m.ID, m.Pot, e.Inflow, m.SettledAt != nil})
		}
		if !there {
			return nil
		}
		if m.PotVersion > e.Version || m.PotVersion == e.Version && e.Inflow != m.Pot {
			if err := r.ledger.RaiseVersion(ctx, m.ID, m.PotVersion); err != nil {
				return err
			}
		} else if m.PotVersion == e.Version {
			return nil
		}
		if m.SettledAt == nil {
			return nil
		}
		r.done.Reopened++
		return r.missions.Reopen(ctx, m.ID)
	})
}
