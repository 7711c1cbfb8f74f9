package storetest

// CheckInvariants asserts what holds at every moment, whatever is under way.
func (u Users) CheckInvariants() {
	u.t.Helper()
	for claim, query := range map[string]string{
		"the sum of all postings is zero":       `SELECT coalesce(sum(amount), 0)::bigint FROM postings`,
		"no wallet differs from its postings":   `SELECT count(*) FROM wallets w WHERE cash <> (SELECT coalesce(sum(amount), 0) FROM postings p WHERE p.account = 'wallet' AND p.owner = w.user_id)`,
		"no escrow differs from its postings":   `SELECT count(*) FROM escrows e WHERE inflow - outflow <> (SELECT coalesce(sum(amount), 0) FROM postings p WHERE p.account = 'escrow' AND p.owner = e.mission_id)`,
		"no escrow's inflow differs from holds": `SELECT count(*) FROM escrows e WHERE inflow <> (SELECT coalesce(sum(amount), 0) FROM ledger l WHERE l.kind = 'hold' AND l.mission_id = e.mission_id)`,
		"contributions add up to the inflow":    `SELECT count(*) FROM escrows e WHERE inflow <> (SELECT coalesce(sum(amount), 0) FROM contributions c WHERE c.mission_id = e.mission_id)`,
		"contributors are counted right":        `SELECT count(*) FROM escrows e WHERE contributors <> (SELECT count(*) FROM contributions c WHERE c.mission_id = e.mission_id)`,
		"a settled escrow is empty":             `SELECT count(*) FROM escrows WHERE settled_at IS NOT NULL AND inflow <> outflow`,
		"nobody got more back than they put in": `SELECT count(*) FROM ledger r WHERE kind = 'refund' AND amount > (SELECT amount FROM contributions c WHERE c.mission_id = r.mission_id AND c.user_id = r.user_id)`,
		"every balance after follows from the one before": `SELECT count(*) FROM (
			SELECT balance_after, CASE kind WHEN 'hold' THEN -amount WHEN 'decline' THEN 0 ELSE amount END AS change,
				lag(balance_after, 1, 0::bigint) OVER (PARTITION BY user_id ORDER BY seq) AS before FROM ledger
			WHERE kind <> 'decline') s WHERE balance_after <> before + change`,
		"no wallet is negative":              `SELECT count(*) FROM wallets WHERE cash < 0`,
		"a mission pays out at most once":    `SELECT count(*) FROM (SELECT FROM ledger WHERE kind = 'payout' GROUP BY mission_id HAVING count(*) > 1) s`,
		"nobody is refunded twice":           `SELECT count(*) FROM (SELECT FROM ledger WHERE kind = 'refund' GROUP BY mission_id, user_id HAVING count(*) > 1) s`,
		"nobody got more back than they bet": `SELECT count(*) FROM ledger r WHERE kind = 'refund' AND amount > (SELECT coalesce(sum(amount), 0) FROM ledger h WHERE h.kind = 'hold' AND h.mission_id = r.mission_id AND h.user_id = r.user_id)`,
	} {
		if n := u.Figure(query); n != 0 {
			u.t.Errorf("invariant: %s: got %d, want 0", claim, n)
		}
	}
}

// CheckBooks asserts the invariants, and that every ranking can be made exact.
func (u Users) CheckBooks() {
	u.t.Helper()
	u.CheckInvariants()
	u.CatchUp()
	const differ = `SELECT count(*) FROM contributions c FULL JOIN standings s USING (mission_id, user_id) WHERE c.amount IS DISTINCT FROM s.amount`
	if n := u.Figure(differ); n != 0 {
		u.t.Errorf("%d standings are not the contributions, want none", n)
	}
}
