package reconciledb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/core/reconcile"
	"example.com/missionpot/internal/store/pg"
)

// booksLock is the advisory lock of the check that continues where the last one
// stopped. It ends with the transaction.
const booksLock = 0x424f4f4b // "BOOK"

// bookSnapshot is one check's view of the instance: a transaction with one
// snapshot. The check keeps its notes in the tables books_*. A whole check has
// its own notes, in temporary tables with the same names, so that both kinds
// run the same statements.
type bookSnapshot struct {
	tx    pgx.Tx
	now   time.Time
	notes string // schema of the notes, with its dot
	whole bool
	seq   int64 // every row up to here is in the notes
	limit int64 // how far this check may read
	tail  map[uuid.UUID]reconcile.Rows
}

// SnapshotBooks implements reconcile.Ledger. The snapshot keeps Postgres from
// vacuuming rows that changed since, so a whole check of a large instance is
// best made on a clone of it.
func (db *DB) SnapshotBooks(ctx context.Context, whole bool, check func(context.Context, reconcile.LedgerSnapshot) error) (bool, error) {
	ran := false
	err := pgx.BeginTxFunc(ctx, db.pool.Pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
		s := &bookSnapshot{tx: tx, whole: whole, notes: "public."}
		var err error
		if ran, err = s.open(ctx); err != nil || !ran {
			return err
		}
		return check(ctx, s)
	})
	if err != nil {
		return ran, fmt.Errorf("open a snapshot of the ledger: %w", err)
	}
	return ran, nil
}

func (s *bookSnapshot) open(ctx context.Context) (bool, error) {
	// The transaction waits while the other parts are read.
	var err error
	if s.now, err = pg.Unhurried(ctx, s.tx); err != nil {
		return false, err
	}
	if s.whole {
		return true, s.openWhole(ctx)
	}
	var ours bool
	if err := s.tx.QueryRow(ctx, `SELECT pg_try_advisory_xact_lock($1)`, booksLock).Scan(&ours); err != nil || !ours {
		return false, err
	}
	return true, s.openNext(ctx)
}

// openWhole makes empty notes for this check alone. No later check continues
// from them, so it may read every row that it sees.
func (s *bookSnapshot) openWhole(ctx context.Context) error {
	s.notes = "pg_temp."
	for _, table := range []string{"books_state", "books_missions", "books_shards", "books_pending"} {
		create := `CREATE TEMP TABLE ` + table + ` (LIKE public.` + table + ` INCLUDING ALL) ON COMMIT DROP`
		if _, err := s.tx.Exec(ctx, create); err != nil {
			return fmt.Errorf("begin notes of its own: %w", err)
		}
	}
	const begin = `WITH state AS (INSERT INTO pg_temp.books_state DEFAULT VALUES)
		INSERT INTO pg_temp.books_shards (shard) SELECT shard FROM sweep_marks`
	if _, err := s.tx.Exec(ctx, begin); err != nil {
		return fmt.Errorf("begin notes of its own: %w", err)
	}
	return s.tx.QueryRow(ctx, `SELECT coalesce(max(seq), 0) FROM ledger`).Scan(&s.limit)
}

// openNext continues where the last check stopped. A row gets its number before
// its transaction commits, so a row with a lower number may become visible
// later. It is safe to read up to a number once all transactions have ended
// that were running when it was the last one. So a check reads up to the number
// that the check before it noted, and notes how far the next one may read.
func (s *bookSnapshot) openNext(ctx context.Context) error {
	// A transaction number of the future comes from another server, of which a
	// dump was restored.
	const read = `SELECT seq, CASE WHEN pg_snapshot_xmin(pg_current_snapshot()) >= next_xid OR next_xid > pg_current_xact_id() THEN next_seq ELSE seq END
		FROM public.books_state`
	if err := s.tx.QueryRow(ctx, read).Scan(&s.seq, &s.limit); err != nil {
		return fmt.Errorf("read where the last check stopped: %w", err)
	}
	var last int64
	if err := s.tx.QueryRow(ctx, `SELECT coalesce(max(seq), $1) FROM ledger WHERE seq > $1`, s.limit).Scan(&last); err != nil {
		return fmt.Errorf("look for the last row: %w", err)
	}
	// This must be a statement after that one: every transaction that took a
	// row number up to the last has its own number by then, below this
	// transaction's.
	const note = `UPDATE public.books_state SET next_seq = $1, next_xid = pg_current_xact_id() WHERE next_seq <= $2`
	if _, err := s.tx.Exec(ctx, note, last, s.limit); err != nil {
		return fmt.Errorf("note how far the next check may read: %w", err)
	}
	return nil
}

// Time implements reconcile.LedgerSnapshot.
func (s *bookSnapshot) Time() time.Time { return s.now }

// KeepCheck implements reconcile.Ledger.
func (db *DB) KeepCheck(ctx context.Context, r reconcile.Report) (int64, error) {
	findings, err := json.Marshal(r.Findings)
	if err != nil {
		return 0, fmt.Errorf("encode the findings: %w", err)
	}
	if r.Findings == nil {
		findings = []byte("[]")
	}
	const insert = `INSERT INTO books_checks (whole, started_at, finished_at, charged, wallets, held, put_in, paid, refunded, broken, late, findings)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING id`
	// An old clean check is of no use any more.
	const clear = `DELETE FROM books_checks WHERE id IN (
		SELECT id FROM books_checks c WHERE finished_at < clock_timestamp() - interval '30 days' AND broken = 0
			AND NOT EXISTS (SELECT FROM mode_changes m WHERE m.check_id = c.id)
		ORDER BY id LIMIT 100)`
	var id int64
	err = db.pool.InTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, clear); err != nil {
			return err
		}
		f := r.Figures
		err := tx.QueryRow(ctx, insert, r.Whole, r.StartedAt, r.FinishedAt, f.Charged, f.Wallets, f.Held, f.PutIn, f.Paid, f.Refunded,
			r.Broken, r.Late, findings).Scan(&id)
		if err != nil || r.Clean() {
			return err
		}
		_, err = takeNoCash(ctx, tx, "the check of the books", firstBroken(r), &id)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("keep a check of the books: %w", err)
	}
	return id, nil
}

// firstBroken is the reason for the switch to exit-only mode.
func firstBroken(r reconcile.Report) string {
	for _, f := range r.Findings {
		if f.Grade == reconcile.Broken {
			return fmt.Sprintf("%d broken rules; the first: %s", r.Broken, f)
		}
	}
	return fmt.Sprintf("%d broken rules", r.Broken)
}

// guards are the triggers and constraints that the invariants depend on, by table.
var guards = map[string][]string{
	"ledger":       {"ledger_append_only", "ledger_pkey", "ledger_amount_check", "ledger_balance_after_check"},
	"wallets":      {"wallets_cash_check", "wallets_pkey"},
	"escrows":      {"escrows_kept", "escrows_pkey", "escrows_inflow_check", "escrows_outflow_check", "escrows_check", "escrows_check2"},
	"mails":        {"mails_kept", "mails_pkey"},
	"charges":      {"charges_pkey", "charges_user_id_idempotency_key_key"},
	"mode_changes": {"mode_changes_append_only"},
}

// MissingGuards implements reconcile.LedgerSnapshot.
func (s *bookSnapshot) MissingGuards(ctx context.Context) ([]string, error) {
	const read = `SELECT g.name || ' on ' || g.owner FROM unnest($1::text[], $2::text[]) AS g (owner, name)
		WHERE NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = g.owner::regclass AND t.tgname = g.name AND t.tgenabled IN ('O', 'A'))
			AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conrelid = g.owner::regclass AND c.conname = g.name AND c.convalidated)
		ORDER BY 1`
	var owners, names []string
	for owner, all := range guards {
		for _, name := range all {
			owners, names = append(owners, owner), append(names, name)
		}
	}
	rows, _ := s.tx.Query(ctx, read, owners, names)
	return pg.All(rows, pgx.RowTo[string], "look for the guards")
}

// Totals implements reconcile.LedgerSnapshot. It reads every wallet, escrow and
// charge, which takes about a second for ten million rows.
func (s *bookSnapshot) Totals(ctx context.Context) (reconcile.Totals, error) {
	const read = `SELECT w.cash, w.negative, e.held, e.put_in, e.paid, e.refunded, e.negative, c.amount, c.charges FROM
		(SELECT coalesce(sum(cash), 0)::bigint AS cash, count(*) FILTER (WHERE cash < 0) AS negative FROM wallets) w,
		(SELECT coalesce(sum(inflow - outflow), 0)::bigint AS held, coalesce(sum(inflow), 0)::bigint AS put_in,
			-- for a mission that succeeded, late bets are refunded first
			coalesce(sum(outflow - least(outflow, late)) FILTER (WHERE ending = 'succeeded'), 0)::bigint AS paid,
			coalesce(sum(CASE WHEN ending = 'succeeded' THEN least(outflow, late) ELSE outflow END), 0)::bigint AS refunded,
			count(*) FILTER (WHERE inflow < outflow) AS negative FROM escrows) e,
		(SELECT coalesce(sum(amount), 0)::bigint AS amount, count(*) AS charges FROM charges WHERE status = 'succeeded') c`
	var t reconcile.Totals
	err := s.tx.QueryRow(ctx, read).Scan(&t.Wallets, &t.NegativeWallets, &t.Held, &t.PutIn, &t.Paid, &t.Refunded, &t.NegativeEscrows,
		&t.Figures.Charged, &t.Charges)
	if err != nil {
		return reconcile.Totals{}, fmt.Errorf("add up the accounts: %w", err)
	}
	return t, nil
}

// Rounds implements reconcile.LedgerSnapshot.
func (s *bookSnapshot) Rounds(ctx context.Context) (mission, user uuid.UUID, err error) {
	err = s.tx.QueryRow(ctx, `SELECT mission_id, user_id FROM `+s.notes+`books_state`).Scan(&mission, &user)
	if err != nil {
		return uuid.Nil, uuid.Nil, fmt.Errorf("read the places of the rounds: %w", err)
	}
	return mission, user, nil
}

// SetRounds implements reconcile.LedgerSnapshot.
func (s *bookSnapshot) SetRounds(ctx context.Context, mission, user uuid.UUID) error {
	set := `UPDATE ` + s.notes + `books_state SET mission_id = $1::uuid, user_id = $2::uuid,
		missions_done = CASE WHEN $1 = $3::uuid THEN missions_from ELSE missions_done END,
		missions_from = CASE WHEN $1 = $3 THEN clock_timestamp() ELSE missions_from END,
		users_done = CASE WHEN $2 = $3 THEN users_from ELSE users_done END,
		users_from = CASE WHEN $2 = $3 THEN clock_timestamp() ELSE users_from END`
	if _, err := s.tx.Exec(ctx, set, mission, user, uuid.Nil); err != nil {
		return fmt.Errorf("note the places of the rounds: %w", err)
	}
	return nil
}

// Shard implements reconcile.LedgerSnapshot.
func (s *bookSnapshot) Shard(ctx context.Context, shard int) (check, sweep ledger.Mark, err error) {
	read := `SELECT b.logged_at, b.entry, s.logged_at, s.entry FROM ` + s.notes + `books_shards b JOIN sweep_marks s USING (shard) WHERE shard = $1`
	err = s.tx.QueryRow(ctx, read, shard).Scan(&check.LoggedAt, &check.Entry, &sweep.LoggedAt, &sweep.Entry)
	if errors.Is(err, pgx.ErrNoRows) {
		err = errors.New("the shard does not exist")
	}
	if err != nil {
		return check, sweep, fmt.Errorf("read the marks of shard %d: %w", shard, err)
	}
	check.LoggedAt, sweep.LoggedAt = check.LoggedAt.UTC(), sweep.LoggedAt.UTC()
	return check, sweep, nil
}
