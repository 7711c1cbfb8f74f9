package reconcile

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/ledger"
)

// Ledger is the users instance.
type Ledger interface {
	// SnapshotBooks runs a check on one snapshot of the instance, and records
	// how far it came if it returns nil. A whole check starts at the beginning
	// and records nothing. It reports whether the check ran: it does not while
	// another check that is not whole is running.
	SnapshotBooks(ctx context.Context, whole bool, check func(context.Context, LedgerSnapshot) error) (bool, error)
	// KeepCheck records a check and returns its id. If the check is not clean
	// it also puts the service in exit-only mode, in the same transaction.
	KeepCheck(ctx context.Context, r Report) (int64, error)
}

// LedgerSnapshot is a snapshot of the users instance, with the check's own notes.
type LedgerSnapshot interface {
	// Time is the time of the snapshot, by the instance's own clock.
	Time() time.Time
	// MissingGuards returns the triggers and constraints that are missing in the database.
	MissingGuards(ctx context.Context) ([]string, error)
	Totals(ctx context.Context) (Totals, error)
	// ReadOn reads the next rows of the ledger, at most about limit.
	ReadOn(ctx context.Context, limit int64) (Stretch, error)
	// Charged returns the sum of all rows of charges, and how many there are.
	Charged(ctx context.Context) (ledger.Won, int64, error)
	// Shard returns how far the check and the sweep have read a shard of the log.
	Shard(ctx context.Context, shard int) (check, sweep ledger.Mark, err error)
	// Outcomes returns the outcomes of bets, in the order given.
	Outcomes(ctx context.Context, bets []ledger.Bet) ([]Outcome, error)
	// PassEntries moves a shard's mark past entries, and stores those that have
	// no outcome yet as pending.
	PassEntries(ctx context.Context, shard int, through ledger.Mark, passed, pending []ledger.Bet) error
	// PendingBets returns the pending bets, at most limit after an id.
	PendingBets(ctx context.Context, after uuid.UUID, limit int) ([]ledger.Bet, error)
	// ForgetPending drops bets that have their outcome by now.
	ForgetPending(ctx context.Context, bets []ledger.Bet) error
	// MissionIDs lists missions after an id that have an escrow, or rows that move cash.
	MissionIDs(ctx context.Context, after uuid.UUID, limit int) ([]uuid.UUID, error)
	Escrows(ctx context.Context, missions []uuid.UUID) (map[uuid.UUID]Escrow, error)
	// Wallets checks the next wallets after an id, and returns the last one's
	// id and how many there were.
	Wallets(ctx context.Context, after uuid.UUID, limit int) (last uuid.UUID, wallets int, found []Finding, err error)
	// Rounds returns the places of the rounds over all missions and all wallets.
	Rounds(ctx context.Context) (mission, user uuid.UUID, err error)
	// SetRounds records these places. The zero id ends a round and starts the next.
	SetRounds(ctx context.Context, mission, user uuid.UUID) error
}

// Missions is the missions database.
type Missions interface {
	SnapshotMissions(ctx context.Context, check func(context.Context, MissionsSnapshot) error) error
}

// MissionsSnapshot is a snapshot of the missions database.
type MissionsSnapshot interface {
	Time() time.Time
	MissionIDs(ctx context.Context, after uuid.UUID, limit int) ([]uuid.UUID, error)
	Missions(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]Mission, error)
}

// Log is the log of bets.
type Log interface {
	Since(ctx context.Context, shard int, after ledger.Mark, before time.Time, limit int) ([]ledger.Logged, error)
}

// Options are the options of a check.
type Options struct {
	// Whole reads everything again from the beginning, however long that takes.
	// A check that is not whole continues where the last one stopped, in
	// bounded steps.
	Whole bool
	// Grace is the age up to which a fact may be on one side and not on the
	// other. 0 means that nothing is under way: then every entry of the log
	// must have its outcome, even if the sweep has not passed it.
	Grace time.Duration
	// Late is the age from which a fact that the other side does not have is listed.
	Late time.Duration
	// Now is only for the check's own pace. Ages are measured with the
	// databases' clocks, because an instance's clock may be minutes off.
	Now func() time.Time
}

// Usual times of a check on a live system. Facts normally take well under a
// second, and a minute and a half if a sweep has to publish them again.
const (
	UsualGrace = 2 * time.Minute
	UsualLate  = 15 * time.Minute
)

// Checker checks the books. It is safe for concurrent use.
type Checker struct {
	Ledger   Ledger
	Missions Missions
	Log      Log
}

// Check checks the books once, records what it found, and puts the service in
// exit-only mode if a rule is broken. It reports whether it ran: it does not
// while another check that is not whole is running. A check that is not whole
// and has not caught up with the ledger is not recorded unless a rule is
// broken. The report's ID is then 0.
func (c Checker) Check(ctx context.Context, o Options) (r Report, ran bool, err error) {
	r = Report{Whole: o.Whole}
	began := o.Now()
	// The missions are read first: see the package comment.
	err = c.Missions.SnapshotMissions(ctx, func(ctx context.Context, missions MissionsSnapshot) error {
		ran, err = c.Ledger.SnapshotBooks(ctx, o.Whole, func(ctx context.Context, l LedgerSnapshot) error {
			r.StartedAt = l.Time()
			k := &check{Options: o, missions: missions, ledger: l, log: c.Log, report: &r}
			k.moment = moment{ledger: l.Time(), missions: missions.Time(), grace: o.Grace, late: o.Late}
			if err := k.run(ctx); err != nil {
				return err
			}
			r.FinishedAt = r.StartedAt.Add(o.Now().Sub(began))
			if !k.caughtUp && r.Clean() {
				return nil // a check that is not complete proves nothing
			}
			// This comes before the notes are committed, so a check that fails
			// in between is repeated.
			r.ID, err = c.Ledger.KeepCheck(ctx, r)
			return err
		})
		return err
	})
	if err != nil {
		return r, ran, fmt.Errorf("check the books: %w", err)
	}
	return r, ran, nil
}

// How much a check that is not whole does. The rest waits for the next one.
const (
	stretchRows    = 50_000
	maxRows        = 1_000_000 // two minutes of 8,000 bets a second
	entriesPage    = 1000
	maxEntryPages  = 30 // of a shard, like the sweep, which a check can't overtake
	missionsPage   = 500
	maxMissions    = 5_000
	walletsPage    = 5_000
	maxWallets     = 50_000
	pendingPage    = 1000
	maxPendingRead = 20_000
)

// reserve is the time that the last parts of a check need in the worst case.
// With less than that left it stops, and the next one continues.
const reserve = 15 * time.Second

// check is one check under way.
type check struct {
	Options
	moment   moment
	missions MissionsSnapshot
	ledger   LedgerSnapshot
	log      Log
	report   *Report
	// caughtUp is set once the check has all rows of the ledger that it may have.
	caughtUp bool
}

func (k *check) run(ctx context.Context) error {
	guards, err := k.ledger.MissingGuards(ctx)
	if err != nil {
		return err
	}
	for _, name := range guards {
		k.report.add(Finding{Rule: 1, Grade: Broken, Subject: OfBooks, What: "a guard of the database is missing: " + name})
	}
	touched, caughtUp, err := k.readLedger(ctx)
	if err != nil {
		return err
	}
	if !caughtUp {
		return nil // the rest would read everything again at every try
	}
	if err := k.sums(ctx); err != nil {
		return err
	}
	k.caughtUp = true
	if err := k.readLog(ctx); err != nil {
		return err
	}
	return k.accounts(ctx, touched)
}

// readLedger reads the ledger's new rows, and returns their missions and
// whether these were all rows.
func (k *check) readLedger(ctx context.Context) (touched []uuid.UUID, caughtUp bool, err error) {
	for k.Whole || k.report.Read.Movements < maxRows && !k.outOfTime(ctx) {
		s, err := k.ledger.ReadOn(ctx, stretchRows)
		if err != nil {
			return nil, false, err
		}
		k.report.Read.Movements += s.Rows
		k.report.add(s.Findings...)
		if !k.Whole { // a whole check checks all missions anyway
			touched = append(touched, s.Missions...)
		}
		if !s.More {
			return touched, true, nil
		}
	}
	return touched, false, nil
}

// outOfTime reports whether a check should end. Without a deadline it is false.
func (k *check) outOfTime(ctx context.Context) bool {
	deadline, bounded := ctx.Deadline()
	return !k.Whole && bounded && deadline.Sub(k.Now()) < reserve
}

func (k *check) sums(ctx context.Context) error {
	totals, err := k.ledger.Totals(ctx)
	if err != nil {
		return err
	}
	charged, charges, err := k.ledger.Charged(ctx)
	if err != nil {
		return err
	}
	k.report.Figures = totals.Figures
	k.report.add(checkTotals(totals, charged, charges)...)
	return nil
}

// accounts checks the missions whose rows were just read, and the next part of
// all missions and all wallets.
func (k *check) accounts(ctx context.Context, touched []uuid.UUID) error {
	for begin := 0; begin < min(len(touched), maxMissions) && !k.outOfTime(ctx); begin += missionsPage {
		if err := k.checkMissions(ctx, touched[begin:min(begin+missionsPage, len(touched))]); err != nil {
			return err
		}
	}
	mission, user, err := k.ledger.Rounds(ctx)
	if err != nil {
		return err
	}
	if mission, err = k.missionsRound(ctx, mission); err != nil {
		return err
	}
	if user, err = k.walletsRound(ctx, user); err != nil {
		return err
	}
	return k.ledger.SetRounds(ctx, mission, user)
}
