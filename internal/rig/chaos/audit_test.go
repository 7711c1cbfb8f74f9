package chaos

import (
	"testing"
	"time"

	"github.com/google/uuid"
)

// ended is a small run without an error: Ana created a mission of 1,000 won for Sam, Ben bet 300 on
// it and 9,000 more than he had, and Sam succeeded.
type ended struct {
	model         *Model
	truth         truth
	reported      *reported
	ana, ben, sam uuid.UUID
	mission       uuid.UUID
	stake         uuid.UUID
	held, poor    uuid.UUID
	charge        uuid.UUID
}

func newEnded() *ended {
	e := &ended{
		ana: uuid.New(), ben: uuid.New(), sam: uuid.New(), mission: uuid.New(), stake: uuid.New(), held: uuid.New(), poor: uuid.New(), charge: uuid.New(),
	}
	e.model = NewModel(Plan{
		Accounts: []Account{{ID: e.ana, Cash: 5000}, {ID: e.ben, Cash: 400, Poor: true}, {ID: e.sam, Cash: 1, Streamer: true}},
		Missions: []MissionPlan{{Creator: 0, Streamer: 2, Fate: Succeeds, Stake: 1000}},
		Bets:     []BetPlan{{User: 1, Amount: 300}, {User: 1, Amount: 9000}},
		Charges:  []ChargePlan{{User: 1, Amount: 500}},
	})
	m := e.model.Missions[0]
	m.ID, m.Acked, m.Judged, m.Verdict = e.mission, true, []string{"success"}, "success"
	for i, id := range []uuid.UUID{e.held, e.poor} {
		e.model.Bets[i].Asked, e.model.Bets[i].Acked, e.model.Bets[i].IDs = true, true, []uuid.UUID{id}
	}
	e.model.Charges[0].Acked, e.model.Charges[0].ID = true, e.charge
	e.truth = truth{
		wallets: map[uuid.UUID]int64{e.ana: 4000, e.ben: 600, e.sam: 1301},
		ledger: []ledgerRow{
			{ID: uuid.New(), Kind: "charge", User: e.ana, Amount: 5000}, {ID: uuid.New(), Kind: "charge", User: e.ben, Amount: 400},
			{ID: uuid.New(), Kind: "charge", User: e.sam, Amount: 1}, {ID: e.charge, Kind: "charge", User: e.ben, Amount: 500},
			{ID: e.stake, Kind: "hold", User: e.ana, Mission: e.mission, Amount: 1000},
			{ID: e.held, Kind: "hold", User: e.ben, Mission: e.mission, Amount: 300},
			{ID: e.poor, Kind: "decline", User: e.ben, Mission: e.mission, Amount: 9000, After: 600, Reason: "insufficient_cash"},
			{ID: uuid.New(), Kind: "payout", User: e.sam, Mission: e.mission, Amount: 1300},
		},
		escrows:  map[uuid.UUID]escrow{e.mission: {Inflow: 1300, Outflow: 1300, Ending: "succeeded", Settled: true}},
		missions: map[uuid.UUID]shown{e.mission: {Status: "succeeded", Pot: 1300, Settled: true}},
		log: []entry{
			{Bet: e.stake, Mission: e.mission, User: e.ana, Amount: 1000, Stake: true}, {Bet: e.held, Mission: e.mission, User: e.ben, Amount: 300},
			{Bet: e.poor, Mission: e.mission, User: e.ben, Amount: 9000},
		},
	}
	reason := "insufficient_cash"
	e.reported = &reported{
		bets:     map[uuid.UUID]outcome{e.held: {Status: "paid", Amount: 300}, e.poor: {Status: "declined", Reason: &reason, Amount: 9000}},
		missions: map[uuid.UUID]string{e.mission: "succeeded"},
		cash:     map[uuid.UUID]int64{e.ana: 4000, e.ben: 600, e.sam: 1301},
	}
	return e
}

func (e *ended) verdict() *Verdict {
	v := &Verdict{}
	newAudit(v, e.model, e.truth, e.reported).run()
	return v
}

func TestARunWithoutErrorsPasses(t *testing.T) {
	t.Parallel()
	v := newEnded().verdict()
	if !v.Passed() || v.Bets != 2 || v.Acknowledged != 2 {
		t.Errorf("%s, want 2 bets, 2 acknowledged, no findings: %q", v, v.Findings)
	}
}

func TestEachErrorShowsInItsFigure(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		spoil  func(e *ended)
		figure string
	}{
		"an acknowledged bet is not in the log": {func(e *ended) { e.truth.log = e.truth.log[:2] }, "lost"},
		"the API reports another outcome":       {func(e *ended) { e.reported.bets[e.held] = outcome{Status: "declined", Amount: 300} }, "lost"},
		"a covered bet was declined":            {func(e *ended) { e.truth.ledger[6].After = 10_000 }, "lost"},
		"a mission has another verdict":         {func(e *ended) { e.reported.missions[e.mission] = "failed" }, "lost"},
		"a mission is gone":                     {func(e *ended) { delete(e.reported.missions, e.mission) }, "lost"},
		"a charge is gone":                      {func(e *ended) { e.truth.ledger[3].ID = uuid.New() }, "lost"},
		"a known key was refused":               {func(e *ended) { e.model.Bets[0].Forgotten = true }, "lost"},
		"a bet has two outcomes":                {func(e *ended) { e.truth.ledger = append(e.truth.ledger, e.truth.ledger[5]) }, "duplicated"},
		"one key has two bets":                  {func(e *ended) { e.model.Bets[0].IDs = append(e.model.Bets[0].IDs, e.poor) }, "duplicated"},
		"the log has a bet that nobody requested": {func(e *ended) {
			e.truth.log = append(e.truth.log, entry{Bet: uuid.New(), Mission: e.mission, User: e.ben, Amount: 300})
		}, "duplicated"},
		"the ledger has a bet that is not in the log": {func(e *ended) {
			e.truth.ledger = append(e.truth.ledger, ledgerRow{ID: uuid.New(), Kind: "hold", User: e.ben, Mission: e.mission, Amount: 1})
		}, "duplicated"},
		"a payout was made twice":       {func(e *ended) { p := e.truth.ledger[7]; p.ID = uuid.New(); e.truth.ledger = append(e.truth.ledger, p) }, "duplicated"},
		"a key accepted another amount": {func(e *ended) { e.model.Bets[0].KeyTaken = true }, "duplicated"},
		"a wallet has a won too many":   {func(e *ended) { e.truth.wallets[e.ana]++ }, "drift"},
		"the API reports a won too few": {func(e *ended) { e.reported.cash[e.ben]-- }, "drift"},
		"a bet after the verdict was paid": {func(e *ended) {
			m := e.truth.missions[e.mission]
			m.DecidedAt = time.Now()
			e.truth.missions[e.mission], e.truth.log[1].LoggedAt = m, m.DecidedAt
		}, "drift"},
		"cash is still held after the run": {func(e *ended) { e.reported.held = 5 }, "drift"},
		"the mission shows another pot":    {func(e *ended) { e.truth.missions[e.mission] = shown{Status: "succeeded", Pot: 1000, Settled: true} }, "drift"},
		"an escrow gave out less than it took in": {func(e *ended) {
			e.truth.escrows[e.mission] = escrow{Inflow: 1300, Outflow: 1000, Ending: "succeeded", Settled: true}
		}, "drift"},
		"a pot went to the wrong user": {func(e *ended) { e.truth.wallets[e.sam] -= 1300; e.truth.wallets[e.ana] += 1300 }, "drift"},
	} {
		e := newEnded()
		c.spoil(e)
		v := e.verdict()
		figures := map[string]bool{"lost": v.Lost > 0, "duplicated": v.Duplicated > 0, "drift": v.Drift > 0}
		if !figures[c.figure] || v.Passed() {
			t.Errorf("%s: %s, want a finding for %s", what, v, c.figure)
		}
	}
}
