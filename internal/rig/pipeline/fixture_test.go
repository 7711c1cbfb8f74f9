package pipeline_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/functions/closemission"
	"example.com/missionpot/functions/growpot"
	"example.com/missionpot/functions/holdbets"
	"example.com/missionpot/functions/sendmail"
	"example.com/missionpot/functions/settlemission"
	"example.com/missionpot/functions/sweepbets"
	"example.com/missionpot/functions/sweepmissions"
	"example.com/missionpot/internal/cloud/payment"
	"example.com/missionpot/internal/cloud/push"
	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/core/mailtext"
	"example.com/missionpot/internal/core/mission"
	"example.com/missionpot/internal/core/reconcile"
	"example.com/missionpot/internal/flow/eventcopy"
	"example.com/missionpot/internal/rig/standtest"
	"example.com/missionpot/internal/rig/storetest"
	"example.com/missionpot/internal/store/betlog"
	"example.com/missionpot/internal/store/ledgerdb"
	"example.com/missionpot/internal/store/liveboard"
	"example.com/missionpot/internal/store/missionsdb"
	"example.com/missionpot/internal/store/peopledb"
	"example.com/missionpot/internal/store/pg"
	"example.com/missionpot/migrations"
)

// TestMain limits the number of runs of each property, unless the command line sets it
// (-rapid.checks). It also hides the sweeps' warnings, which these tests provoke.
func TestMain(m *testing.M) {
	flag.Parse()
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == "rapid.checks" })
	if !asked {
		if err := flag.Set("rapid.checks", "10"); err != nil {
			panic(err)
		}
	}
	slog.SetLogLoggerLevel(slog.LevelError + 1)
	m.Run()
}

// fixture is a whole system: both databases, the log, the live board, every step, and the messages
// that are under way between them.
type fixture struct {
	ctx        context.Context
	users      storetest.Users
	missions   storetest.Missions
	usersOf    map[string]*pg.Pool // of each program
	missionsOf map[string]*missionsdb.DB
	log        *betlog.Log
	steps      map[event.Topic][]push.Step
	queue      []event.Event
	mu         sync.Mutex     // guards queue and mails while a step runs
	mails      map[string]int // sent mails by mission and user
	// crash makes the next Publish fail, as if the instance had died after its commit.
	crash bool

	drafts   map[uuid.UUID]mission.Mission
	accounts []uuid.UUID
	start    ledger.Won // each account's first charge, in won
	streamer uuid.UUID
}

var errCrashed = errors.New("the instance died before it could publish")

// Publish adds events to the queue.
func (w *fixture) Publish(_ context.Context, events ...event.Event) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.crash {
		w.crash = false
		return errCrashed
	}
	w.queue = append(w.queue, events...)
	return nil
}

// Send accepts a mail like the mail service.
func (w *fixture) Send(_ context.Context, l mailtext.Mail) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mails[l.IDs["mission_id"]+l.IDs["user_id"]]++
	return nil
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	w := &fixture{ctx: t.Context(), mails: map[string]int{}, drafts: map[uuid.UUID]mission.Mission{}, start: 1_000}
	w.openUsers(t, standtest.UsersDatabase(t))
	w.openMissions(t)
	w.openFirestore(t)
	w.wire(t)
	w.streamer = w.users.User(0)
	for range 4 {
		w.accounts = append(w.accounts, w.users.User(w.start))
	}
	return w
}

// openUsers opens a users instance once as its owner, and once for each program with the rights it
// has in the cloud.
func (w *fixture) openUsers(t testing.TB, dsn string) {
	t.Helper()
	w.users, w.usersOf = storetest.OpenUsers(t, dsn), map[string]*pg.Pool{}
	for program, dsn := range standtest.Programs(t, dsn, migrations.Users) {
		w.usersOf[program] = standtest.Pool(t, dsn, 10)
	}
}

func (w *fixture) openMissions(t testing.TB) {
	t.Helper()
	w.missions, w.missionsOf = storetest.NewMissions(t), map[string]*missionsdb.DB{}
	for program, dsn := range standtest.Programs(t, w.missions.Pool.Config().ConnString(), migrations.Missions) {
		w.missionsOf[program] = missionsdb.New(standtest.Pool(t, dsn, 10))
	}
}

// openFirestore opens an empty log and an empty live board.
func (w *fixture) openFirestore(t testing.TB) {
	t.Helper()
	project := standtest.Firestore(t)
	log, err := betlog.Open(w.ctx, project, "(default)")
	if err != nil {
		t.Fatal(err)
	}
	live, err := liveboard.Open(w.ctx, project, "(default)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = errors.Join(log.Close(), live.Close()) })
	w.log = log
	w.showOn(live)
}

// showOn makes the missions instance copy its events to a board.
func (w *fixture) showOn(live *liveboard.Board) {
	w.missions.Live, w.missions.Copy = live, eventcopy.New(w.missions.DB, live)
}

// wire builds the steps as functions.go does. A step that is built again is a new instance, without
// the memory of the one before.
func (w *fixture) wire(t testing.TB) {
	t.Helper()
	sandbox, err := payment.NewSandbox(true, func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	users, missions := w.usersOf, w.missionsOf
	copier := func(program string) *eventcopy.Copier { return eventcopy.New(missions[program], w.missions.Live) }
	sweep := sweepbets.Options{Age: -time.Minute, Now: users["sweepbets"].Now}
	mails := sendmail.New(peopledb.New(users["sendmail"]), w, sendmail.Options{Now: users["sendmail"].Now})
	w.steps = map[event.Topic][]push.Step{
		event.Bets:        {holdbets.New(ledgerdb.New(users["holdbets"]), w).Handle},
		event.Pots:        {growpot.New(missions["growpot"], copier("growpot"), w, time.Millisecond).Handle},
		event.Verdicts:    {settlemission.New(ledgerdb.New(users["settlemission"]), w).Handle},
		event.Settlements: {closemission.New(missions["closemission"], copier("closemission")).Handle, mails.Handle},
		event.Ticks: {
			sweepbets.New(ledgerdb.New(users["sweepbets"]), w.log, sandbox, w, sweep).Handle,
			sweepmissions.New(missions["sweepmissions"], copier("sweepmissions"), w, w.missions.Pool.Now).Handle, mails.Handle,
		},
	}
}

func (w *fixture) mission(t storetest.T, id uuid.UUID) mission.Mission {
	t.Helper()
	m, err := w.missionsOf["api"].ByID(w.ctx, id)
	if err != nil {
		t.Fatalf("read mission %s: %v", id, err)
	}
	return m
}

// create creates a mission as the API does. With published false the API dies between the log and
// the message.
func (w *fixture) create(t storetest.T, creator uuid.UUID, stake ledger.Won, autoAccept, published bool) mission.Mission {
	t.Helper()
	id := uuid.Must(uuid.NewV7())
	draft := storetest.Draft()
	draft.CreatorID, draft.StreamerID, draft.Stake = creator, w.streamer, stake
	m, _, err := w.missionsOf["api"].Create(w.ctx, id, draft, storetest.Terms(autoAccept), id.String(), []byte("hash"))
	if err != nil {
		t.Fatalf("create a mission: %v", err)
	}
	w.drafts[id] = m
	w.logBet(t, ledger.StakeEntry, m, creator, stake, id.String(), published)
	return m
}

// bet logs a bet as the API does, whatever state the mission is in: the API's copy may be a second
// old.
func (w *fixture) bet(t storetest.T, m mission.Mission, user uuid.UUID, amount ledger.Won, published bool) ledger.Bet {
	t.Helper()
	return w.logBet(t, ledger.BetEntry, m, user, amount, uuid.NewString(), published)
}

func (w *fixture) logBet(t storetest.T, kind ledger.EntryKind, m mission.Mission, user uuid.UUID, amount ledger.Won, key string, published bool) ledger.Bet {
	t.Helper()
	logged, _, err := w.log.Append(w.ctx, ledger.LogEntry{
		Bet:  ledger.Bet{MissionID: m.ID, UserID: user, Amount: amount, Deadline: m.Deadline},
		Kind: kind, IdempotencyKey: key, RequestHash: []byte("hash"),
	})
	if err != nil {
		t.Fatalf("log a bet: %v", err)
	}
	if published {
		w.queue = append(w.queue, event.NewBetPlaced(logged))
	}
	return logged
}

// judge gives the streamer's verdict, or withdraws for the creator. With published false the API dies between the database and
// the message. It reports whether the verdict counted.
func (w *fixture) judge(t storetest.T, id uuid.UUID, a mission.Action, published bool) bool {
	t.Helper()
	user := w.streamer
	if a == mission.Withdraw {
		user = w.mission(t, id).CreatorID
	}
	m, err := w.missionsOf["api"].Act(w.ctx, id, user, a)
	if err != nil {
		return false
	}
	if closing, decided := m.Closing(); decided && published {
		w.queue = append(w.queue, event.NewVerdictGiven(closing))
	}
	return true
}

// deliver passes the message at an index of the queue to its steps. It removes the message unless a
// step failed, as Pub/Sub does.
func (w *fixture) deliver(i int) error {
	e := w.queue[i]
	w.queue = append(w.queue[:i:i], w.queue[i+1:]...)
	var failed error
	for _, step := range w.steps[e.Topic()] {
		failed = errors.Join(failed, step(w.ctx, e))
	}
	if failed != nil {
		_ = w.Publish(w.ctx, e)
	}
	return failed
}

// drain delivers until nothing is under way.
func (w *fixture) drain(t storetest.T) {
	t.Helper()
	for range 10_000 {
		if len(w.queue) == 0 {
			return
		}
		if err := w.deliver(0); err != nil && !errors.Is(err, ledger.ErrNoEscrow) && !errors.Is(err, errCrashed) {
			t.Fatalf("deliver: %v", err)
		}
	}
	t.Fatalf("%d messages are still under way after 10,000 deliveries", len(w.queue))
}

// sweep makes everything that waits more than a minute old, and ticks until the sweeps find nothing
// to do.
func (w *fixture) sweep(t storetest.T) {
	t.Helper()
	for range 6 {
		w.users.For(t).Exec(`UPDATE strays SET next_at = clock_timestamp()`)
		w.users.For(t).Exec(`UPDATE mails SET due_at = clock_timestamp() WHERE state <> 'sent'`)
		w.missions.For(t).Exec(`UPDATE missions SET verdict_next_at = clock_timestamp() WHERE verdict_next_at IS NOT NULL`)
		w.missions.For(t).Exec(`UPDATE mission_events SET created_at = created_at - interval '1 hour' WHERE copied_at IS NULL`)
		w.queue = append(w.queue, event.Tick{At: time.Now()})
		w.drain(t)
	}
}

// expire moves a mission's deadline into the past.
func (w *fixture) expire(t storetest.T, id uuid.UUID) {
	t.Helper()
	w.missions.For(t).PassDeadline(id)
}

// checkQuiet asserts what must hold once the queues are empty and the sweeps find nothing: every
// bet has its outcome, every decided mission is settled, and the missions database shows what the
// ledger holds.
func (w *fixture) checkQuiet(t storetest.T, bets []ledger.Bet) {
	t.Helper()
	w.users.For(t).CheckInvariants()
	ids := make([]uuid.UUID, len(bets))
	for i, b := range bets {
		ids[i] = b.ID
	}
	undecided, err := ledgerdb.New(w.usersOf["sweepbets"]).Undecided(w.ctx, ids)
	if err != nil || len(undecided) > 0 {
		t.Errorf("invariant 4: %d of %d bets have no outcome (error %v)", len(undecided), len(bets), err)
	}
	for id := range w.drafts {
		m := w.mission(t, id)
		if m.Status.Decided() && m.SettledAt == nil {
			t.Errorf("mission %s is %s and not settled", id, m.Status)
		}
		if m.Status == mission.Funding {
			t.Errorf("mission %s is still waiting for its stake", id)
		}
		if in := w.users.For(t).Figure(`SELECT coalesce(sum(amount), 0)::bigint FROM ledger WHERE kind = 'hold' AND mission_id = $1`, id); ledger.Won(in) != m.Pot {
			t.Errorf("invariant 6: the missions database shows %s, the ledger took in %d", m.Pot, in)
		}
		events, err := w.missions.Live.Events(w.ctx, id, 0, 1000)
		if err != nil || len(events) == 0 || events[len(events)-1].Revision != m.Revision {
			t.Errorf("the event log of %s ends before revision %d (%d events, error %v)", id, m.Revision, len(events), err)
		}
	}
	if n := w.users.For(t).Figure(`SELECT count(*) FROM mails WHERE state <> 'sent'`); n != 0 {
		t.Errorf("%d mails were not sent", n)
	}
	for who, n := range w.mails {
		if n != 1 {
			t.Errorf("%d mails to %s, want one", n, who)
		}
	}
	w.checkBooks(t, reconcile.Options{Whole: true})
	w.checkBooks(t, reconcile.Options{})
}

// books returns every figure that must not depend on the order of messages.
func (w *fixture) books(t storetest.T) string {
	t.Helper()
	var text string
	for i, user := range append([]uuid.UUID{w.streamer}, w.accounts...) {
		text += fmt.Sprintf("account %d has %s\n", i, w.users.For(t).Cash(user))
	}
	text += fmt.Sprintf("%d holds, %d declines, %d refunds, %d payouts\n",
		w.users.For(t).Figure(`SELECT count(*) FROM ledger WHERE kind = 'hold'`),
		w.users.For(t).Figure(`SELECT count(*) FROM ledger WHERE kind = 'decline'`),
		w.users.For(t).Figure(`SELECT count(*) FROM ledger WHERE kind = 'refund'`),
		w.users.For(t).Figure(`SELECT count(*) FROM ledger WHERE kind = 'payout'`))
	return text
}

func tick() event.Event { return event.Tick{At: time.Now()} }
