package migrations

import (
	"maps"
	"slices"
)

// profile is a user's columns without the password's hash.
const profile = "id, email, display_name, streamer, locale, auto_accept, min_stake, max_stake, acceptance_seconds, created_at, left_at"

// rights says what each program may do to which table: the least that its
// statements need. A program that is not named under an instance may do nothing
// there. No program may change or delete a row of the ledger, and only the API
// can read a password's hash and a second factor's secret. `SELECT … FOR UPDATE` needs the right to update a
// column, which is why some are named that are never written.
var rights = map[Instance]map[string]map[string]string{
	Users: {
		"holdbets": {
			"ledger":        "SELECT, INSERT",
			"wallets":       "SELECT, UPDATE (cash)",
			"contributions": "SELECT, INSERT, UPDATE (amount)",
			"escrows":       "SELECT, INSERT, UPDATE (inflow, contributors, version, changed_at, published_version, ranked_version)",
			"standings":     "SELECT, INSERT, UPDATE (amount)",
		},
		"settlemission": {
			"ledger":        "SELECT, INSERT",
			"wallets":       "SELECT, UPDATE (cash)",
			"contributions": "SELECT",
			"escrows":       "SELECT, INSERT, UPDATE (state, ending, decided_at, late_known, late, streamer_id, creator_id, title, outflow, settled_through, version, changed_at, closed_at, settled_at)",
			"late_bets":     "SELECT, INSERT, UPDATE (refunded)",
			"mails":         "SELECT, INSERT",
		},
		"sendmail": { // #nosec G101 -- a table's name
			"mails":           "SELECT, UPDATE (state, attempts, due_at, sent_at)",
			"mail_pauses":     "SELECT, INSERT, UPDATE (leased, until)",
			"password_resets": "SELECT, UPDATE (state, attempts, due_at, hash, lapses_at)",
			"users":           "SELECT (id, email, display_name, locale, left_at)",
		},
		"sweepbets": {
			"ledger":        "SELECT, INSERT",
			"wallets":       "SELECT, UPDATE (cash)",
			"contributions": "SELECT",
			"escrows":       "SELECT, UPDATE (published_version, ranked_version)",
			"standings":     "SELECT, INSERT, UPDATE (amount)",
			"charges":       "SELECT, UPDATE (status, resolved_at, lookups, next_lookup_at)",
			"mails":         "SELECT",
			"strays":        "SELECT, INSERT, UPDATE (attempts, next_at), DELETE",
			"sweep_marks":   "SELECT, UPDATE (logged_at, entry)",
		},
		"checkbooks": {
			"ledger": "SELECT", "wallets": "SELECT", "contributions": "SELECT", "escrows": "SELECT", "charges": "SELECT", "late_bets": "SELECT",
			"mails": "SELECT", "strays": "SELECT", "sweep_marks": "SELECT",
			"books_state":    "SELECT, UPDATE",
			"books_missions": "SELECT, INSERT, UPDATE",
			"books_shards":   "SELECT, UPDATE",
			"books_pending":  "SELECT, INSERT, DELETE",
			"books_checks":   "SELECT, INSERT, DELETE",
			"mode_changes":   "SELECT, INSERT",
		},
		"api": {
			"users":            "SELECT, INSERT, UPDATE",
			"refresh_families": "SELECT, INSERT, UPDATE (revoked_at), DELETE",
			// #nosec G101 -- a table's name
			"refresh_tokens":   "SELECT, INSERT, UPDATE (expires_at, used_at, successor, sealed), DELETE",
			"login_budgets":    "SELECT, INSERT, UPDATE (full_at, known_until), DELETE",
			"password_resets":  "SELECT, INSERT, UPDATE (asked_at, state, attempts, due_at), DELETE",
			"second_factors":   "SELECT, INSERT, UPDATE (secret, begun_at, confirmed_at, last_step), DELETE",
			"recovery_codes":   "SELECT, INSERT, DELETE",
			"wallets":          "SELECT, INSERT, UPDATE (cash)",
			"charges":          "SELECT, INSERT, UPDATE (status, resolved_at)",
			"ledger":           "SELECT, INSERT",
			"escrows":          "SELECT",
			"standings":        "SELECT",
			"contributions":    "SELECT",
			"late_bets":        "SELECT",
			"mails":            "SELECT, UPDATE (state)",
			"mail_pauses":      "SELECT (user_id), DELETE",
			"operators":        "SELECT",
			"operator_actions": "SELECT, INSERT",
			"books_checks":     "SELECT",
			"mode_changes":     "SELECT",
		},
		// The streams' service only reads who is a streamer.
		"live": {
			"users": "SELECT (" + profile + ")",
		},
		"operator": { // #nosec G101 -- a table's name
			"users":            "SELECT (" + profile + ", generation), UPDATE (id, generation)",
			"charges":          "SELECT",
			"ledger":           "SELECT",
			"operators":        "SELECT, INSERT, DELETE",
			"operator_actions": "SELECT, INSERT",
			"refresh_families": "SELECT (user_id, revoked_at), UPDATE (revoked_at)",
			"second_factors":   "SELECT (user_id, confirmed_at), DELETE",
			"password_resets":  "SELECT (user_id), DELETE",
			// For the commands of the books: what checkbooks needs, and no more.
			"wallets": "SELECT", "contributions": "SELECT", "escrows": "SELECT", "late_bets": "SELECT", "mails": "SELECT", "strays": "SELECT", "sweep_marks": "SELECT",
			"books_state": "SELECT", "books_missions": "SELECT", "books_shards": "SELECT", "books_pending": "SELECT",
			"books_checks": "SELECT, INSERT, DELETE",
			"mode_changes": "SELECT, INSERT",
		},
		// A restore replays what holdbets, settlemission and the API did. Its account can reach the
		// instance only while terraform's `restoring` is set.
		"restore": { // #nosec G101 -- a table's name
			"users":         "SELECT (" + profile + "), UPDATE (id)",
			"operators":     "SELECT",
			"charges":       "SELECT, INSERT, UPDATE (status, resolved_at)",
			"ledger":        "SELECT, INSERT",
			"wallets":       "SELECT, UPDATE (cash)",
			"contributions": "SELECT, INSERT, UPDATE (amount)",
			"escrows": "SELECT, INSERT, UPDATE (inflow, contributors, state, ending, decided_at, late_known, late, streamer_id, creator_id, title, outflow, " +
				"settled_through, version, changed_at, closed_at, settled_at, published_version, ranked_version)",
			"standings":    "SELECT, INSERT, UPDATE (amount)",
			"late_bets":    "SELECT, INSERT, UPDATE (refunded)",
			"mails":        "SELECT, INSERT",
			"strays":       "SELECT",
			"sweep_marks":  "SELECT",
			"mode_changes": "SELECT, INSERT",
		},
	},
	Missions: {
		"growpot": {
			"missions":       "SELECT, UPDATE (pot, contributors, pot_version, status, deadline, revision, accepted_at, decided_at, verdict_tries, verdict_next_at)",
			"mission_events": "SELECT, INSERT, UPDATE (copied_at)",
		},
		"closemission": {
			"missions":       "SELECT, UPDATE (settled_at, revision, pot, contributors, pot_version, status, deadline, decided_at, verdict_next_at)",
			"mission_events": "SELECT, INSERT, UPDATE (copied_at)",
		},
		"sweepmissions": {
			"missions":       "SELECT, UPDATE (status, deadline, revision, accepted_at, decided_at, verdict_tries, verdict_next_at)",
			"mission_events": "SELECT, INSERT, UPDATE (copied_at)",
		},
		"checkbooks": {"missions": "SELECT"},
		"api": {
			"missions":       "SELECT, INSERT, UPDATE (status, deadline, revision, accepted_at, decided_at, verdict_next_at)",
			"mission_events": "SELECT, INSERT, UPDATE (copied_at)",
		},
		"live":     {"missions": "SELECT"},
		"operator": {"missions": "SELECT"},
		"restore": {
			"missions":       "SELECT, INSERT, UPDATE (settled_at, verdict_tries, verdict_next_at)",
			"mission_events": "SELECT, INSERT, UPDATE (copied_at)",
		},
	},
}

// Programs returns the programs that have rights on an instance, in order.
func Programs(instance Instance) []string { return slices.Sorted(maps.Keys(rights[instance])) }
