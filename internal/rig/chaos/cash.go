package chaos

import "github.com/google/uuid"

// checkCash checks that every wallet holds what the model expects. The model knows what each user
// started with and charged, which bets the API does not report as declined, and how each mission
// ended. The pot of a mission that succeeded belongs to its streamer; every other bet was refunded.
//
// If a client quit before the answer, nobody can ask the API about its bet; only for those bets the
// ledger decides whether they count. A bet that was logged after the verdict, by the times of the
// log and of the missions database, was refunded.
func (a *audit) checkCash() {
	want := map[uuid.UUID]int64{}
	for _, account := range a.model.Plan.Accounts {
		want[account.ID] = account.Cash
	}
	for _, c := range a.model.Charges {
		if c.Acked {
			want[a.model.Plan.Accounts[c.User].ID] += c.Amount
		}
	}
	acked := map[uuid.UUID]bool{}
	for i := range a.model.Bets {
		b := &a.model.Bets[i]
		for _, id := range b.IDs {
			acked[id] = true
			if said, found := a.reported.bets[id]; found && !said.declined() && said.Status != "pending" && !a.late(a.logged[id]) {
				a.move(want, a.model.Plan.Accounts[b.User].ID, a.model.Missions[b.Mission].ID, b.Amount)
			}
		}
	}
	for _, e := range a.truth.log {
		switch {
		case acked[e.Bet], a.late(e):
		case e.Stake && a.reported.missions[e.Mission] == "unfunded":
		case e.Stake, len(a.rows[e.Bet]) > 0 && a.rows[e.Bet][0].Kind == "hold":
			a.move(want, e.User, e.Mission, e.Amount)
		}
	}
	for user, cash := range want {
		a.drift(a.truth.wallets[user]-cash, "wallet %s holds %d won, and the model says %d", user, a.truth.wallets[user], cash)
		a.drift(a.reported.cash[user]-a.truth.wallets[user], "the API reports %[2]d won to user %[1]s, and the wallet holds %[3]d", user, a.reported.cash[user], a.truth.wallets[user])
	}
}

// move moves a bet's cash from its user to the streamer if the mission succeeded.
func (a *audit) move(want map[uuid.UUID]int64, user, mission uuid.UUID, amount int64) {
	m, known := a.missions[mission]
	if !known || a.reported.missions[mission] != "succeeded" {
		return
	}
	want[user] -= amount
	want[a.model.Plan.Accounts[m.Streamer].ID] += amount
}

// checkBooks checks that the ledger is consistent: each wallet is the sum of its rows, each balance
// is the previous one plus the row's amount, and nothing is held any more.
func (a *audit) checkBooks() {
	balance, inflow, outflow := map[uuid.UUID]int64{}, map[uuid.UUID]int64{}, map[uuid.UUID]int64{}
	var charged, wallets, escrows int64
	for _, r := range a.truth.ledger {
		switch r.Kind {
		case "charge":
			charged += r.Amount
			balance[r.User] += r.Amount
		case "hold":
			inflow[r.Mission] += r.Amount
			balance[r.User] -= r.Amount
		case "payout", "refund":
			outflow[r.Mission] += r.Amount
			balance[r.User] += r.Amount
		}
	}
	for user, cash := range a.truth.wallets {
		wallets += cash
		a.drift(balance[user]-cash, "the rows of user %s come to %d won, and the wallet holds %d", user, balance[user], cash)
	}
	for mission, e := range a.truth.escrows {
		escrows += e.Inflow - e.Outflow
		a.drift(inflow[mission]-e.Inflow, "the holds of mission %s come to %d won, and its escrow took in %d", mission, inflow[mission], e.Inflow)
		a.drift(outflow[mission]-e.Outflow, "payout and refunds of mission %s come to %d won, and its escrow gave out %d", mission, outflow[mission], e.Outflow)
	}
	a.drift(charged-wallets-escrows, "%d won were charged; %d are in wallets and %d in escrows", charged, wallets, escrows)
	a.drift(a.reported.held, "the API reports %d won as held, and every mission is over", a.reported.held)
}
