package chaos

import (
	"slices"

	"github.com/google/uuid"
)

// audit compares what the databases hold with what the clients know.
type audit struct {
	*Verdict
	model    *Model
	truth    truth
	reported *reported

	rows     map[uuid.UUID][]ledgerRow // by id
	logged   map[uuid.UUID]entry       // by bet
	missions map[uuid.UUID]*MissionFacts
	accounts map[uuid.UUID]Account
}

// newAudit makes an audit that adds what it finds to the verdict.
func newAudit(v *Verdict, m *Model, t truth, reported *reported) *audit {
	a := &audit{
		Verdict: v, model: m, truth: t, reported: reported,
		rows: map[uuid.UUID][]ledgerRow{}, logged: map[uuid.UUID]entry{}, missions: map[uuid.UUID]*MissionFacts{}, accounts: map[uuid.UUID]Account{},
	}
	for _, r := range t.ledger {
		a.rows[r.ID] = append(a.rows[r.ID], r)
	}
	for _, e := range t.log {
		a.logged[e.Bet] = e
	}
	for _, mission := range m.Missions {
		if mission.Acked {
			a.missions[mission.ID] = mission
		}
	}
	for _, account := range m.Plan.Accounts {
		a.accounts[account.ID] = account
	}
	return a
}

// run runs every check.
func (a *audit) run() {
	a.checkBets()
	a.checkLog()
	a.checkRows()
	a.checkCharges()
	a.checkMissions()
	a.checkCash()
	a.checkBooks()
}

// checkBets checks that every bet a client saw acknowledged is logged and has exactly one outcome,
// and that the API reports the outcome that the ledger has.
func (a *audit) checkBets() {
	for i := range a.model.Bets {
		b := &a.model.Bets[i]
		if b.Asked {
			a.Bets++
		}
		if !b.Acked {
			continue
		}
		a.Acknowledged++
		if len(b.IDs) > 1 {
			a.duplicated("one key was answered with the bets %v", b.IDs)
		}
		if b.KeyTaken {
			a.duplicated("bet %s: another amount was accepted under its key", b.IDs[0])
		}
		if b.Forgotten {
			a.lost("bet %s was acknowledged, and a retry with its key was refused with %s", b.IDs[0], b.Refused)
		}
		for _, id := range b.IDs {
			a.checkBet(b, id)
		}
	}
}

func (a *audit) checkBet(b *BetFacts, id uuid.UUID) {
	e, there := a.logged[id]
	user := a.model.Plan.Accounts[b.User]
	if !there || e.User != user.ID || e.Amount != b.Amount || e.Mission != a.model.Missions[b.Mission].ID {
		a.lost("bet %s of %d won was acknowledged, and the log has %+v", id, b.Amount, e)
		return
	}
	rows := a.rows[id]
	if len(rows) == 0 {
		return // counted as stuck, like every bet without an outcome
	}
	if len(rows) > 1 {
		a.duplicated("bet %s has %d outcomes in the ledger", id, len(rows))
	}
	said, found := a.reported.bets[id]
	declined := rows[0].Kind == "decline"
	if !found || said.declined() != declined || said.Amount != b.Amount {
		a.lost("bet %s is a %s in the ledger, and the API reports %+v to its owner", id, rows[0].Kind, said)
	}
	if !declined && a.late(e) && a.reported.missions[e.Mission] == "succeeded" {
		a.Late++
	}
	if !declined && found && a.late(e) != (said.Status == "refunded") && a.reported.missions[e.Mission] == "succeeded" {
		a.drift(b.Amount, "bet %s was logged at %s, the verdict was given at %s, and its owner sees %q",
			id, e.LoggedAt, a.truth.missions[e.Mission].DecidedAt, said.Status)
	}
	a.checkDecline(id, rows[0], user)
}

// late reports whether a bet was logged at the moment of its mission's verdict or later. The cash
// of a late bet belongs to its owner.
func (a *audit) late(e entry) bool {
	decided := a.truth.missions[e.Mission].DecidedAt
	return !decided.IsZero() && !e.LoggedAt.Before(decided)
}

// checkDecline checks that a declined bet has a valid reason.
func (a *audit) checkDecline(id uuid.UUID, r ledgerRow, user Account) {
	switch {
	case r.Kind != "decline":
	case r.Reason == "insufficient_cash" && (!user.Poor || r.After >= r.Amount):
		a.lost("bet %s of %d won was declined for insufficient cash, with %d in the wallet", id, r.Amount, r.After)
	case r.Reason == "unknown_user", r.Reason == "unknown_mission":
		a.lost("bet %s was declined as %s", id, r.Reason)
	}
}

// checkLog checks that every entry of the log was requested by a client, and that none is there twice.
func (a *audit) checkLog() {
	type request struct {
		user, mission uuid.UUID
		amount        int64
		stake         bool
	}
	asked := map[request]int{}
	for i := range a.model.Bets {
		b := &a.model.Bets[i]
		if b.Asked && (b.Acked || b.Unclear) {
			asked[request{a.model.Plan.Accounts[b.User].ID, a.model.Missions[b.Mission].ID, b.Amount, false}]++
		}
	}
	for _, m := range a.missions {
		asked[request{a.model.Plan.Accounts[m.Creator].ID, m.ID, m.Stake, true}]++
	}
	seen := map[uuid.UUID]bool{}
	for _, e := range a.truth.log {
		r := request{e.User, e.Mission, e.Amount, e.Stake}
		asked[r]--
		if asked[r] < 0 || seen[e.Bet] {
			a.duplicated("the log has bet %s of %d won on %s once more than it was requested", e.Bet, e.Amount, e.Mission)
		}
		seen[e.Bet] = true
	}
}

// checkRows checks that the ledger holds only outcomes of logged bets, one payout per mission, one
// refund per contributor, and charges.
func (a *audit) checkRows() {
	type credit struct {
		kind          string
		mission, user uuid.UUID
	}
	credits := map[credit]int{}
	for _, r := range a.truth.ledger {
		switch r.Kind {
		case "hold", "decline":
			if e, there := a.logged[r.ID]; !there || e.Amount != r.Amount || e.User != r.User {
				a.duplicated("the ledger has a %s of %d won, %s, that is not in the log", r.Kind, r.Amount, r.ID)
			}
		case "payout", "refund":
			c := credit{kind: r.Kind, mission: r.Mission}
			if r.Kind == "refund" {
				c.user = r.User
			}
			if credits[c]++; credits[c] > 1 {
				a.duplicated("a %s of mission %s was made %d times", r.Kind, r.Mission, credits[c])
			}
		}
	}
	if n := len(a.rows); n != len(a.truth.ledger) {
		a.duplicated("the ledger has %d rows under %d ids", len(a.truth.ledger), n)
	}
}

// checkCharges checks that every charge a client saw succeed is in the ledger exactly once.
func (a *audit) checkCharges() {
	for _, c := range a.model.Charges {
		rows := a.rows[c.ID]
		switch user := a.model.Plan.Accounts[c.User].ID; {
		case !c.Acked:
		case len(rows) == 0:
			a.lost("charge %s of %d won is not in the ledger", c.ID, c.Amount)
		case len(rows) > 1 || rows[0].Amount != c.Amount || rows[0].User != user || rows[0].Kind != "charge":
			a.duplicated("charge %s of %d won is in the ledger as %+v", c.ID, c.Amount, rows)
		}
	}
}

// checkMissions checks that each mission ended in a state that its streamer's answers allow.
func (a *audit) checkMissions() {
	for _, m := range a.missions {
		state, there := a.reported.missions[m.ID]
		if !there {
			a.lost("mission %s was acknowledged, and does not exist", m.ID)
			continue
		}
		if may := m.mayEnd(a.accounts[a.model.Plan.Accounts[m.Creator].ID].Poor); !slices.Contains(may, state) {
			a.lost("mission %s, which %s, is %s; its people sent %v and were answered %q, so it may be %v", m.ID, m.Fate, state, m.Judged, m.Verdict, may)
		}
		e, b := a.truth.escrows[m.ID], a.truth.missions[m.ID]
		if e.Settled && (e.Ending != state || e.Inflow != e.Outflow) {
			a.drift(e.Inflow-e.Outflow, "mission %s is %s and settled as %s: %d won came in and %d went out", m.ID, state, e.Ending, e.Inflow, e.Outflow)
		}
		a.drift(b.Pot-e.Inflow, "the missions database shows a pot of %d won for mission %s, and %d came in", b.Pot, m.ID, e.Inflow)
	}
}

// mayEnd lists the states a mission may end in.
func (m *MissionFacts) mayEnd(poor bool) []string {
	ended := map[string]string{"success": "succeeded", "fail": "failed", "reject": "rejected", "withdraw": "withdrawn"}
	if m.Verdict != "" && ended[m.Verdict] != "" {
		return []string{ended[m.Verdict]}
	}
	may := []string{}
	for _, action := range m.Judged {
		if ended[action] != "" {
			may = append(may, ended[action])
		}
	}
	// If the rejection or withdrawal never arrived, the proposal waits until its time is up.
	if m.Fate == Expires || m.Fate.proposed() {
		may = append(may, "expired")
	}
	if poor {
		may = append(may, "unfunded")
	}
	return may
}
