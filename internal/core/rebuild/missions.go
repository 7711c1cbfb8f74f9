package rebuild

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/account"
	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/core/mission"
)

// Escrow is what the ledger knows of a mission. A zero time has not come yet.
type Escrow struct {
	Closing      ledger.Closing // without Ending while it is open
	Inflow       ledger.Won
	Contributors int
	Version      int64
	ClosedAt     time.Time
	SettledAt    time.Time
}

// Lost is the title of a mission of which only the cash is known.
const Lost = "Lost in a restore"

// Sources are what a missions instance is rebuilt from. All are required.
type Sources struct {
	Accounts Accounts
	Ledger   Escrows
	Shown    Shown
	Log      Log
}

// Accounts reads an account. The error is fault.NotFound.
type Accounts interface {
	UserByID(ctx context.Context, id uuid.UUID) (account.User, error)
}

// Escrows is the ledger.
type Escrows interface {
	// Escrows reads escrows after an id, in the order of missions' ids.
	Escrows(ctx context.Context, after uuid.UUID, limit int) ([]Escrow, error)
	// EscrowOf reads one, and reports whether there is one.
	EscrowOf(ctx context.Context, mission uuid.UUID) (Escrow, bool, error)
	// RepublishPot makes the sweep publish an escrow's pot once more.
	RepublishPot(ctx context.Context, mission uuid.UUID) error
}

// Shown is the live board.
type Shown interface {
	// Boards reads the last event of missions after an id, in the order of ids.
	Boards(ctx context.Context, after uuid.UUID, limit int) ([]mission.Event, error)
}

// terms returns a streamer's present terms, or the default ones if they are unknown.
func (s Sources) terms(ctx context.Context, streamer uuid.UUID) (mission.Terms, error) {
	u, err := s.Accounts.UserByID(ctx, streamer)
	if errors.Is(err, fault.NotFound) {
		return account.DefaultTerms(), nil
	}
	return u.Terms, err
}

// Target is the missions instance that is rebuilt. Rebuild inserts a mission, and
// an event of the kind if there is one. An existing mission is not changed.
type Target interface {
	Rebuild(ctx context.Context, m mission.Mission, kind mission.EventKind) error
}

// Rebuilt is the result of a rebuild.
type Rebuilt struct {
	Missions int
	// Lost are missions that were not on the live board, because they were made just
	// before the loss. Their cash is refunded.
	Lost []uuid.UUID
}

const page = 200

// Missions rebuilds a missions instance. It may be repeated, and continues
// where it stopped. No step should run meanwhile.
func Missions(ctx context.Context, from Sources, to Target, now func() time.Time) (Rebuilt, error) {
	var r Rebuilt
	stakes, err := readStakes(ctx, from.Log, now())
	if err != nil {
		return r, fmt.Errorf("rebuild the missions: %w", err)
	}
	known, err := fromBoards(ctx, from, to, stakes)
	if err != nil {
		return r, fmt.Errorf("rebuild the missions: %w", err)
	}
	r.Missions = len(known)
	if r.Lost, err = fromCash(ctx, from, to, stakes, known, now()); err != nil {
		return r, fmt.Errorf("rebuild the missions: %w", err)
	}
	return r, nil
}

// readStakes reads the whole log, for the stakes in it.
func readStakes(ctx context.Context, log Log, before time.Time) (map[uuid.UUID]ledger.Bet, error) {
	stakes := map[uuid.UUID]ledger.Bet{}
	for shard := range ledger.Shards {
		for c := (cursor{log: log, shard: shard, before: before}); ; {
			if err := c.fill(ctx); err != nil {
				return nil, err
			}
			if len(c.entries) == 0 {
				break
			}
			if b := c.take(); b.Stake {
				stakes[b.MissionID] = b
			}
		}
	}
	return stakes, nil
}

// fromBoards rebuilds what was ever shown, and returns which missions that were.
func fromBoards(ctx context.Context, from Sources, to Target, stakes map[uuid.UUID]ledger.Bet) (map[uuid.UUID]bool, error) {
	known := map[uuid.UUID]bool{}
	for shown, err := range pages(ctx, page, from.Shown.Boards, func(e mission.Event) uuid.UUID { return e.Mission.ID }) {
		if err != nil {
			return nil, err
		}
		for _, e := range shown {
			id := e.Mission.ID
			known[id] = true
			if err := rebuild(ctx, from, to, e, stakes[id].Amount); err != nil {
				return nil, fmt.Errorf("mission %s: %w", id, err)
			}
		}
	}
	return known, nil
}

func rebuild(ctx context.Context, from Sources, to Target, shown mission.Event, stake ledger.Won) error {
	escrow, there, err := from.Ledger.EscrowOf(ctx, shown.Mission.ID)
	if err != nil {
		return err
	}
	terms, err := from.terms(ctx, shown.Mission.StreamerID)
	if err != nil {
		return err
	}
	m, kind := fromBoard(shown, stake, terms), mission.EventKind("")
	if there {
		m, kind = withLedger(m, escrow)
	}
	if err := to.Rebuild(ctx, m, kind); err != nil {
		return err
	}
	if there && m.SettledAt == nil {
		return from.Ledger.RepublishPot(ctx, m.ID)
	}
	return nil
}

// fromBoard is the mission that an event shows. Its pot has no version, so that
// anything the ledger publishes is newer. The live board does not have the terms it
// was made with, so the streamer's present ones are used.
func fromBoard(e mission.Event, stake ledger.Won, terms mission.Terms) mission.Mission {
	s := e.Mission
	m := mission.Mission{
		State: mission.State{Status: s.Status, StreamerID: s.StreamerID, CreatorID: s.CreatorID, AutoAccept: terms.AutoAccept, Deadline: e.At},
		ID:    s.ID, Title: s.Title, Description: s.Description, Stake: max(stake, ledger.MinBet),
		TimeLimit: time.Duration(s.TimeLimitSeconds) * time.Second, Terms: terms, Revision: e.Revision,
		Pot: s.Pot, Contributors: s.Contributors, CreatedAt: s.CreatedAt, DecidedAt: s.DecidedAt, SettledAt: s.SettledAt,
	}
	if s.Deadline != nil {
		m.Deadline = *s.Deadline
	}
	if s.Status == mission.Active {
		accepted := m.Deadline.Add(-m.TimeLimit)
		m.AcceptedAt = &accepted
	}
	return m
}

// withLedger adds what the ledger knows better: a verdict that the live board
// never showed, and the final pot of a settled mission. It returns the event of that
// verdict.
func withLedger(m mission.Mission, e Escrow) (mission.Mission, mission.EventKind) {
	var kind mission.EventKind
	if !m.Status.Decided() && !e.ClosedAt.IsZero() {
		m.Status, m.DecidedAt = mission.Status(e.Closing.Ending), &e.ClosedAt
		m.Revision++
		kind = mission.Entered(m.Status)
	}
	if m.SettledAt != nil {
		m.Pot, m.Contributors, m.PotVersion = e.Inflow, e.Contributors, e.Version
	}
	return m, kind
}

// fromCash ends missions that the live board never showed and that have cash or are
// about to get some. Their contents are unknown, so all cash is refunded. The
// verdict is then handled like any other.
func fromCash(ctx context.Context, from Sources, to Target, stakes map[uuid.UUID]ledger.Bet, known map[uuid.UUID]bool, now time.Time) ([]uuid.UUID, error) {
	var lost []uuid.UUID
	end := func(id uuid.UUID, e Escrow) error {
		if known[id] {
			return nil
		}
		known[id] = true
		lost = append(lost, id)
		m := onlyCash(id, e, stakes[id], now)
		return to.Rebuild(ctx, m, mission.Entered(m.Status))
	}
	for escrows, err := range pages(ctx, page, from.Ledger.Escrows, func(e Escrow) uuid.UUID { return e.Closing.MissionID }) {
		if err != nil {
			return nil, err
		}
		for _, e := range escrows {
			if err := end(e.Closing.MissionID, e); err != nil {
				return nil, err
			}
		}
	}
	for id := range stakes {
		if err := end(id, Escrow{}); err != nil {
			return nil, err
		}
	}
	return lost, nil
}

// onlyCash is a mission of which only the cash is known, and the ending if there is one.
func onlyCash(id uuid.UUID, e Escrow, stake ledger.Bet, now time.Time) mission.Mission {
	seconds, nanos := id.Time().UnixTime()
	m := mission.Mission{
		State: mission.State{Status: mission.Unfunded, StreamerID: e.Closing.StreamerID, CreatorID: stake.UserID, AutoAccept: true, Deadline: now},
		ID:    id, Title: Lost, Stake: max(stake.Amount, ledger.MinBet), TimeLimit: mission.MinTimeLimit,
		Terms:    mission.Terms{AutoAccept: true, MinStake: mission.DefaultMinStake, MaxStake: mission.DefaultMaxStake, Acceptance: mission.AcceptanceTime},
		Revision: 1, CreatedAt: time.Unix(seconds, nanos).UTC(), DecidedAt: &now,
	}
	if !e.ClosedAt.IsZero() {
		m.Status, m.DecidedAt, m.CreatorID = mission.Status(e.Closing.Ending), &e.ClosedAt, e.Closing.CreatorID
		m.Title = cmp.Or(e.Closing.Title, Lost)
	}
	if m.CreatorID == m.StreamerID { // both unknown; the missions database needs two users
		m.StreamerID = uuid.Max
	}
	return m
}
