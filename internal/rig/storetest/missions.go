package storetest

import (
	"context"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"github.com/google/uuid"

	"example.com/missionpot/internal/core/account"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/core/mission"
	"example.com/missionpot/internal/flow/eventcopy"
	"example.com/missionpot/internal/rig/standtest"
	"example.com/missionpot/internal/store/liveboard"
	"example.com/missionpot/internal/store/missionsdb"
)

// Missions is a missions instance and a live board of a test's own.
type Missions struct {
	*missionsdb.DB
	Live *liveboard.Board
	Copy *eventcopy.Copier // from the instance to the board
	Database
}

// NewMissions makes an empty instance with an empty board.
func NewMissions(t testing.TB) Missions {
	t.Helper()
	pool := standtest.Pool(t, standtest.MissionsDatabase(t), 12)
	live, err := liveboard.Open(context.Background(), standtest.Firestore(t), firestore.DefaultDatabaseID)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = live.Close() })
	db := missionsdb.New(pool)
	return Missions{db, live, eventcopy.New(db, live), Database{pool, t}}
}

// For is the same instance for a part of the test.
func (m Missions) For(t T) Missions {
	m.t = t
	return m
}

// Draft is what a creator asks for.
func Draft() mission.Draft {
	return mission.Draft{
		CreatorID: newID(), StreamerID: newID(), Title: "Finish the boss", Description: "Without\na hit",
		Stake: 1000, TimeLimit: time.Hour,
	}
}

// Terms are a streamer's usual terms, with or without a look at each mission.
func Terms(autoAccept bool) mission.Terms {
	terms := account.DefaultTerms()
	terms.AutoAccept = autoAccept
	return terms
}

// Funding adds a mission that waits for its stake.
func (m Missions) Funding(autoAccept bool) mission.Mission {
	m.t.Helper()
	made, created, err := m.Create(m.t.Context(), newID(), Draft(), Terms(autoAccept), newID().String(), []byte("hash"))
	if err != nil || !created {
		m.t.Fatalf("create a mission: created %v, error %v", created, err)
	}
	return made
}

// Active adds a mission that takes bets.
func (m Missions) Active() mission.Mission {
	m.t.Helper()
	made := m.Funding(true)
	made, changed, err := m.ApplyPot(m.t.Context(), Pot(made.ID, 1))
	if err != nil || !changed || made.Status != mission.Active {
		m.t.Fatalf("fund a mission: it is %s, changed %v, error %v", made.Status, changed, err)
	}
	return made
}

// Overdue adds an active mission whose time is up.
func (m Missions) Overdue() mission.Mission {
	m.t.Helper()
	made := m.Active()
	m.PassDeadline(made.ID)
	return made
}

// PassDeadline moves a mission's present deadline into the past.
func (m Missions) PassDeadline(id uuid.UUID) {
	m.t.Helper()
	m.Exec(`UPDATE missions SET deadline = clock_timestamp() - interval '1 millisecond' WHERE id = $1`, id)
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

// Pot is a mission's pot of a version. The first one is the stake of a Draft, and
// each of the others has 1,000 won and one contributor more than the one before.
func Pot(id uuid.UUID, version int64) ledger.Pot {
	return ledger.Pot{MissionID: id, Amount: ledger.Won(1000 * version), Contributors: int(version), Version: version}
}
