package reconcile

import (
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/ledger"
)

// moment is when the two databases were read, each by its own clock, and the
// ages that count as young and late.
type moment struct {
	ledger   time.Time
	missions time.Time
	log      time.Time     // every entry of the log before this time was passed
	grace    time.Duration // a younger fact may not be on both sides yet
	late     time.Duration // an older fact should be
}

// afterClosing is how long after its escrow was closed a bet on a mission may
// still be logged: the API's view is a second old, and a write may take 5 s.
func (m moment) afterClosing() time.Duration {
	if m.grace == 0 {
		return 0
	}
	return max(m.grace, time.Minute)
}

// born is how old a mission must be, by the time in its id, to be in the missions database.
// It may have been made between the two reads, by an instance whose clock is
// minutes off.
func (m moment) born() time.Duration {
	if m.grace == 0 {
		return 0
	}
	return max(m.grace, 10*time.Minute)
}

// finder collects the findings about one subject.
type finder struct {
	subject Subject
	id      uuid.UUID
	found   []Finding
}

// wants adds a finding unless two figures are equal.
func (f *finder) wants(rule int, what string, want, got int64) {
	if want != got {
		f.found = append(f.found, Finding{Rule: rule, Grade: Broken, Subject: f.subject, ID: f.id, What: what, Want: want, Got: got})
	}
}

// broken adds a finding of a broken rule if a condition holds.
func (f *finder) broken(is bool, rule int, what string) {
	if is {
		f.found = append(f.found, Finding{Rule: rule, Grade: Broken, Subject: f.subject, ID: f.id, What: what})
	}
}

func (f *finder) late(is bool, rule int, what string) {
	if is {
		f.found = append(f.found, Finding{Rule: rule, Grade: Late, Subject: f.subject, ID: f.id, What: what})
	}
}

// checkEscrow compares an escrow with the rows of the ledger, the contributions
// and the mails. All are from one snapshot, so they must agree.
func checkEscrow(e Escrow, m moment) []Finding {
	f := &finder{subject: OfMission, id: e.MissionID}
	if e.Missing {
		f.broken(e.Rows.Holds+e.Rows.Payouts+e.Rows.Refunds > 0, 1, "the ledger moved cash of a mission without an escrow")
		return f.found
	}
	f.wants(1, "the escrow's inflow is not the sum of its holds", int64(e.Rows.Held), int64(e.Inflow))
	f.wants(1, "the escrow's outflow is not the sum of its payouts and refunds", int64(e.Rows.Paid+e.Rows.Refunded), int64(e.Outflow))
	f.wants(1, "the contributions are not the escrow's inflow", int64(e.Inflow), int64(e.Given))
	f.wants(1, "the contributors are counted wrong", int64(e.Givers), int64(e.Contributors))
	f.broken(e.Inflow < 0 || e.Outflow < 0 || e.Outflow > e.Inflow, 2, "the escrow is negative")
	f.broken(e.Rows.Payouts > 1, 3, "the mission was paid out more than once")
	f.broken(e.Rows.Payouts > 0 && !(e.Closed && e.Ending.Pays()), 3, "the pot was paid out against the mission's ending")
	f.broken(e.Rows.Refunds > 0 && !e.Closed, 3, "cash was refunded before the mission's ending")
	f.broken(e.Ending.Pays() && e.Rows.Refunded > e.Late, 3, "the pot was refunded against the mission's ending")
	f.wants(3, "the late bets are not what the escrow says", int64(e.LateGiven), int64(e.Late))
	if !e.SettledAt.IsZero() {
		checkSettled(f, e)
	} else {
		f.late(e.Closed && m.ledger.Sub(e.ClosedAt) > m.late, 7, "the escrow was closed and is not settled")
	}
	if e.Closed && e.ClosedAt.Before(m.log.Add(-m.afterClosing())) {
		f.wants(4, "the outcomes are not as many as the log's entries", e.Rows.Logged-e.Pending, e.Rows.Holds+e.Rows.Declines)
	}
	return f.found
}

func checkSettled(f *finder, e Escrow) {
	f.wants(5, "a settled escrow is not empty", int64(e.Inflow), int64(e.Outflow))
	if e.Ending.Pays() {
		payouts := int64(0)
		if e.Inflow > e.Late {
			payouts = 1
		}
		f.wants(3, "a mission that succeeded was not paid out once", payouts, e.Rows.Payouts)
		f.wants(3, "the refunds are not one for each late contributor", int64(e.LateGivers), e.Rows.Refunds)
		f.wants(5, "the bets after the verdict were not refunded", int64(e.Late), int64(e.Rows.Refunded))
	} else {
		f.wants(3, "the refunds are not one for each contributor", int64(e.Givers), e.Rows.Refunds)
	}
	f.wants(7, "users have no mail about the settlement", 0, int64(e.Unmailed))
}

// checkMission compares the missions database, which was read first, with the ledger. Either may be nil.
func checkMission(id uuid.UUID, b *Mission, e *Escrow, m moment) []Finding {
	f := &finder{subject: OfMission, id: id}
	switch {
	case b == nil && (e == nil || e.Missing):
	case b == nil:
		seconds, nanos := id.Time().UnixTime()
		f.broken(m.ledger.Sub(time.Unix(seconds, nanos)) > m.born(), 6, "the ledger has an escrow of a mission that the missions database does not have")
	case e == nil || e.Missing:
		f.broken(b.PotVersion > 0 || b.Pot > 0 || b.Status.IsActive() || !b.SettledAt.IsZero(), 6, "the missions database has a mission without an escrow in the ledger")
		f.late(!b.DecidedAt.IsZero() && m.missions.Sub(b.DecidedAt) > m.late, 7, "a verdict did not reach the ledger")
	default:
		checkPot(f, *b, *e, m)
		checkEnding(f, *b, *e, m)
	}
	return f.found
}

func checkPot(f *finder, b Mission, e Escrow, m moment) {
	switch {
	case b.PotVersion > e.Version:
		f.wants(6, "the mission has a pot that the ledger never had", e.Version, b.PotVersion)
	case b.PotVersion == e.Version:
		f.wants(6, "the mission's pot is not the escrow's inflow", int64(e.Inflow), int64(b.Pot))
		f.wants(6, "the mission's contributors are not the escrow's", int64(e.Contributors), int64(b.Contributors))
	case !b.SettledAt.IsZero():
		f.wants(6, "the mission was settled with an old pot, by its version", e.Version, b.PotVersion)
	default:
		f.late(!b.Status.Decided() && m.ledger.Sub(e.ChangedAt) > m.late, 7, "the escrow has grown and the mission's pot has not")
	}
}

func checkEnding(f *finder, b Mission, e Escrow, m moment) {
	ending, decided := b.Status.Ending()
	switch {
	case e.Closed && !decided:
		f.broken(m.ledger.Sub(e.ClosedAt) > m.grace, 6, "the ledger closed the escrow of a mission that is not decided")
	case e.Closed && ending != e.Ending:
		f.broken(true, 6, "the mission ended as "+string(ending)+", its escrow as "+string(e.Ending))
	case !e.Closed && decided:
		f.late(m.missions.Sub(b.DecidedAt) > m.late, 7, "a verdict did not reach the ledger")
	}
	if b.SettledAt.IsZero() {
		f.late(!e.SettledAt.IsZero() && m.ledger.Sub(e.SettledAt) > m.late, 7, "the mission does not have its settlement")
		return
	}
	f.broken(e.SettledAt.IsZero(), 6, "the mission has a settlement that the ledger has not made")
}

// checkEntry compares an entry of the log with its outcome. It reports true if
// there is none yet and the sweep publishes the bet again.
func checkEntry(b ledger.Bet, o Outcome) (pending bool, found []Finding) {
	f := &finder{subject: OfBet, id: b.ID}
	switch {
	case !o.Known:
		f.broken(!o.Stray, 4, "the log has the bet and the sweep has passed it, but it has no outcome and is not on the sweep's list")
		return true, f.found
	case o.Kind != "hold" && o.Kind != "decline":
		f.broken(true, 3, "the bet's id is that of another movement: "+o.Kind)
	default:
		f.broken(o.UserID != b.UserID || o.MissionID != b.MissionID, 3, "the outcome is of another user or mission than the log's entry")
		f.wants(3, "the outcome is of another amount than the log's entry", int64(b.Amount), int64(o.Amount))
	}
	return false, f.found
}

// checkTotals compares the sums over all accounts with each other.
func checkTotals(t Totals, rowsCharged ledger.Won, rowsCharges int64) []Finding {
	f := &finder{subject: OfBooks}
	f.wants(1, "wallets and escrows do not add up to what was charged", int64(t.Charged), int64(t.Wallets+t.Held+t.Out()))
	f.wants(1, "what went into escrows is not what left them and what is there", int64(t.PutIn), int64(t.Paid+t.Refunded+t.Held))
	f.wants(2, "wallets are negative", 0, t.NegativeWallets)
	f.wants(2, "escrows are negative", 0, t.NegativeEscrows)
	f.wants(3, "the charges that succeeded are not those in the ledger, in won", int64(t.Charged), int64(rowsCharged))
	f.wants(3, "the charges that succeeded are not those in the ledger", t.Charges, rowsCharges)
	return f.found
}
