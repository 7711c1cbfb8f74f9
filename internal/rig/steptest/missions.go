package steptest

import (
	"context"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"github.com/google/uuid"

	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/core/mission"
	"example.com/missionpot/internal/flow/eventcopy"
	"example.com/missionpot/internal/rig/standtest"
	"example.com/missionpot/internal/store/liveboard"
	"example.com/missionpot/internal/store/missionsdb"
	"example.com/missionpot/internal/store/pg"
)

// Missions is a missions instance and a live board of a test's own.
type Missions struct {
	*missionsdb.DB
	Live *liveboard.Board
	Copy *eventcopy.Copier // from the instance to the board
	Pool *pg.Pool
	t    testing.TB
}

// NewMissions makes an empty missions instance with an empty board.
func NewMissions(t testing.TB) Missions {
	t.Helper()
	pool := standtest.Pool(t, standtest.MissionsDatabase(t), 12)
	live, err := liveboard.Open(context.Background(), standtest.Firestore(t), firestore.DefaultDatabaseID)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = live.Close() })
	db := missionsdb.New(pool)
	return Missions{DB: db, Live: live, Copy: eventcopy.New(db, live), Pool: pool, t: t}
}

// Exec runs a statement directly, to change times or to break something.
func (m Missions) Exec(sql string, args ...any) {
	m.t.Helper()
	if _, err := m.Pool.Exec(m.t.Context(), sql, args...); err != nil {
		m.t.Fatalf("%s: %v", sql, err)
	}
}

// Funding adds a mission that waits for its stake.
func (m Missions) Funding() mission.Mission {
	m.t.Helper()
	draft := mission.Draft{
		CreatorID: uuid.Must(uuid.NewV7()), StreamerID: uuid.Must(uuid.NewV7()),
		Title: "Finish the boss", Stake: 1000, TimeLimit: time.Hour,
	}
	terms := mission.Terms{AutoAccept: true, MinStake: ledger.MinBet, MaxStake: ledger.MaxBet, Acceptance: mission.AcceptanceTime}
	made, _, err := m.Create(m.t.Context(), uuid.Must(uuid.NewV7()), draft, terms, uuid.NewString(), []byte("hash"))
	if err != nil {
		m.t.Fatal(err)
	}
	return made
}

// Active adds a mission that takes bets.
func (m Missions) Active() mission.Mission {
	m.t.Helper()
	made := m.Funding()
	made, _, err := m.ApplyPot(m.t.Context(), Pot(made.ID, 1))
	if err != nil {
		m.t.Fatal(err)
	}
	return made
}

// Overdue adds an active mission whose time is up.
func (m Missions) Overdue() mission.Mission {
	m.t.Helper()
	made := m.Active()
	m.Exec(`UPDATE missions SET deadline = clock_timestamp() - interval '1 second' WHERE id = $1`, made.ID)
	return made
}

// Judged adds a mission its streamer judged.
func (m Missions) Judged(a mission.Action) mission.Mission {
	m.t.Helper()
	made := m.Active()
	made, err := m.Act(m.t.Context(), made.ID, made.StreamerID, a)
	if err != nil {
		m.t.Fatal(err)
	}
	return made
}

// Read reads a mission.
func (m Missions) Read(id uuid.UUID) mission.Mission {
	m.t.Helper()
	found, err := m.ByID(m.t.Context(), id)
	if err != nil {
		m.t.Fatal(err)
	}
	return found
}

// OnBoard reads a mission's events in the board's log.
func (m Missions) OnBoard(id uuid.UUID) []mission.Event {
	m.t.Helper()
	events, err := m.Live.Events(m.t.Context(), id, 0, 1000)
	if err != nil {
		m.t.Fatal(err)
	}
	return events
}

// LastOnBoard reads the last event of a mission on the board.
func (m Missions) LastOnBoard(id uuid.UUID) mission.Event {
	m.t.Helper()
	events := m.OnBoard(id)
	if len(events) == 0 {
		m.t.Fatalf("mission %s is not on the board", id)
	}
	return events[len(events)-1]
}

// Pot is a mission's pot of a version: each version has 1,000 won and one
// contributor more than the one before.
func Pot(id uuid.UUID, version int64) ledger.Pot {
	return ledger.Pot{MissionID: id, Total: ledger.Won(1000 * version), Contributors: int(version), Version: version}
}
