package pipeline_test

import (
	"testing"
	"time"

	"example.com/missionpot/internal/core/reconcile"
)

// BenchmarkTheWholeBooks checks a ledger of a million bets by 10,000 users on 100 missions from the
// beginning, and then what a minute of 100,000 more adds. The log is empty, because reading it
// measures Firestore.
func BenchmarkTheWholeBooks(b *testing.B) {
	w := newFixture(b)
	seedBets(b, w, 0, 1_000_000)
	for range 3 { // reads all rows
		w.checkBooks(b, reconcile.Options{Grace: time.Minute, Late: time.Hour})
	}
	b.Run("whole", func(b *testing.B) {
		for b.Loop() {
			w.checkBooks(b, reconcile.Options{Whole: true, Grace: time.Minute, Late: time.Hour})
		}
	})
	b.Run("nothing new", func(b *testing.B) {
		for b.Loop() {
			w.checkBooks(b, reconcile.Options{Grace: time.Minute, Late: time.Hour})
		}
	})
	seedBets(b, w, 1_000_000, 1_100_000)
	w.checkBooks(b, reconcile.Options{Grace: time.Minute, Late: time.Hour}) // records how far the next check may read
	b.Run("100,000 new rows", func(b *testing.B) {
		for range b.N {
			w.users.Exec(`ANALYZE`)
			r := w.check(b, reconcile.Options{Grace: time.Minute, Late: time.Hour})
			b.ReportMetric(float64(r.Read.Movements), "rows/op")
		}
	})
}

// seedBets writes the ledger's rows of bets from one number up to another: user n%10,000 puts a won
// on mission n%100, out of a charge of 1,000.
func seedBets(b *testing.B, w *fixture, from, through int) {
	b.Helper()

	if from == 0 {
		for _, query := range []string{
			`INSERT INTO users (id, email, password_hash, display_name) SELECT ('a0' || lpad(to_hex(n), 6, '0') || '-0000-7000-8000-000000000000')::uuid, n || '@example.com', 'x', 'x' FROM generate_series(0, 9999) n`,
			`INSERT INTO charges (id, user_id, idempotency_key, request_hash, amount, status) SELECT id, id, 'x', '', 1000, 'succeeded' FROM users WHERE password_hash = 'x' AND display_name = 'x'`,
			`INSERT INTO ledger (id, kind, user_id, amount, balance_after) SELECT id, 'charge', id, 1000, 1000 FROM charges WHERE idempotency_key = 'x'`,
			`INSERT INTO wallets (user_id, cash) SELECT id, 1000 FROM users WHERE display_name = 'x'`,
		} {
			w.users.Exec(query)
		}
		w.users.Exec(`INSERT INTO escrows (mission_id) SELECT ('b0' || lpad(to_hex(n), 6, '0') || '-0000-7000-8000-000000000000')::uuid FROM generate_series(0, 99) n`)
		w.missions.Exec(`INSERT INTO missions (id, creator_id, idempotency_key, request_hash, streamer_id, title, stake, time_limit_seconds, auto_accept, min_stake, max_stake, acceptance_seconds, status, deadline)
			SELECT ('b0' || lpad(to_hex(n), 6, '0') || '-0000-7000-8000-000000000000')::uuid, gen_random_uuid(), 'x', '', gen_random_uuid(), 'x', 100, 60, true, 100, 1000000, 60, 'active', now() + interval '1 day' FROM generate_series(0, 99) n`)
	}
	w.users.Exec(`INSERT INTO ledger (id, kind, user_id, mission_id, amount, balance_after)
		SELECT ('c' || lpad(to_hex(n), 7, '0') || '-0000-7000-8000-000000000000')::uuid, 'hold', ('a0' || lpad(to_hex(n % 10000), 6, '0') || '-0000-7000-8000-000000000000')::uuid,
			('b0' || lpad(to_hex(n % 100), 6, '0') || '-0000-7000-8000-000000000000')::uuid, 1, 999 - n / 10000 FROM generate_series($1::int, $2::int - 1) n`, from, through)
	for _, query := range []string{
		`INSERT INTO contributions SELECT mission_id, user_id, sum(amount) FROM ledger WHERE kind = 'hold' GROUP BY 1, 2 ON CONFLICT (mission_id, user_id) DO UPDATE SET amount = excluded.amount`,
		`UPDATE escrows e SET inflow = s.amount, contributors = s.people, version = version + 1 FROM (SELECT mission_id, sum(amount) AS amount, count(*) AS people FROM contributions GROUP BY 1) s WHERE s.mission_id = e.mission_id`,
		`UPDATE wallets w SET cash = 1000 - s.amount FROM (SELECT user_id, sum(amount) AS amount FROM contributions GROUP BY 1) s WHERE s.user_id = w.user_id`,
		`VACUUM (ANALYZE) ledger`, `ANALYZE`,
	} {
		w.users.Exec(query)
	}

}
