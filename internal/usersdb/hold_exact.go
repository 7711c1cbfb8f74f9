package usersdb

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"example.com/missionpot/internal/ledger"
)

// holdExact decides bets, sorted by user, by ledger.Decide. It locks the
// wallets, reads what is known, decides, and writes; the escrows are updated
// last and only while open. Where a row it counted on is not there, everything
// is rolled back with errOvertaken and the caller decides again.
func (d *DB) holdExact(ctx context.Context, bets []ledger.Bet) ([]ledger.Ruling, error) {
	var rulings []ledger.Ruling
	var entries []ledger.Entry
	err := d.inTx(ctx, func(tx pgx.Tx) error {
		known, err := readKnown(ctx, tx, bets)
		if err != nil {
			return err
		}
		rulings, entries = ledger.Decide(bets, known, time.Now())
		if len(entries) == 0 {
			return nil
		}
		pots, err := writeEntries(ctx, tx, entries)
		if err != nil {
			return err
		}
		for i := range rulings {
			if pot, changed := pots[rulings[i].Pot.MissionID]; changed {
				rulings[i].Pot = pot
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	d.exact.Store(!allNewlyHeld(rulings, entries))
	return rulings, nil
}

// allNewlyHeld reports whether the batch could have taken the fast path.
func allNewlyHeld(rulings []ledger.Ruling, entries []ledger.Entry) bool {
	return len(entries) == len(rulings) &&
		!slices.ContainsFunc(entries, func(e ledger.Entry) bool { return e.Outcome != ledger.Held })
}

// readKnown locks the wallets of a batch and then reads what was decided. The
// order matters: whoever held a wallet before has committed by then, and a
// later statement sees what they wrote.
func readKnown(ctx context.Context, tx pgx.Tx, bets []ledger.Bet) (ledger.Known, error) {
	var users, missions, ids []uuid.UUID
	for _, b := range bets {
		users, missions, ids = append(users, b.UserID), append(missions, b.MissionID), append(ids, b.ID)
	}
	users = slices.Compact(users)
	slices.SortFunc(missions, compareIDs)
	missions = slices.Compact(missions)

	known := ledger.Known{
		Cash: map[uuid.UUID]ledger.Won{}, Decided: map[uuid.UUID]ledger.DecidedBet{}, Escrows: map[uuid.UUID]ledger.EscrowState{},
	}
	var batch pgx.Batch
	queueWallets(&batch, users, known.Cash)
	queueDecided(&batch, ids, known.Decided)
	queueEscrows(&batch, missions, known.Escrows)
	if err := tx.SendBatch(ctx, &batch).Close(); err != nil {
		return ledger.Known{}, fmt.Errorf("read what is known: %w", err)
	}
	return known, nil
}

func queueWallets(batch *pgx.Batch, users []uuid.UUID, cash map[uuid.UUID]ledger.Won) {
	const lock = `SELECT user_id, cash FROM wallets WHERE user_id = ANY($1) ORDER BY user_id FOR UPDATE`
	batch.Queue(lock, raw(users)).Query(func(rows pgx.Rows) error {
		var user uuid.UUID
		var won ledger.Won
		_, err := pgx.ForEachRow(rows, []any{&user, &won}, func() error {
			cash[user] = won
			return nil
		})
		return err
	})
}

func queueDecided(batch *pgx.Batch, ids []uuid.UUID, decided map[uuid.UUID]ledger.DecidedBet) {
	const read = `SELECT id, user_id, coalesce(mission_id, '00000000-0000-0000-0000-000000000000'), amount,
		CASE kind WHEN 'hold' THEN 'held' WHEN 'decline' THEN 'declined' ELSE kind END, coalesce(reason, '')
		FROM ledger WHERE id = ANY($1)`
	batch.Queue(read, raw(ids)).Query(func(rows pgx.Rows) error {
		var id uuid.UUID
		var b ledger.DecidedBet
		_, err := pgx.ForEachRow(rows, []any{&id, &b.UserID, &b.MissionID, &b.Amount, &b.Outcome, &b.Reason}, func() error {
			decided[id] = b
			return nil
		})
		return err
	})
}

func queueEscrows(batch *pgx.Batch, missions []uuid.UUID, escrows map[uuid.UUID]ledger.EscrowState) {
	const read = `SELECT mission_id, state = 'open', inflow, contributors, version FROM escrows WHERE mission_id = ANY($1)`
	batch.Queue(read, raw(missions)).Query(func(rows pgx.Rows) error {
		var e ledger.EscrowState
		_, err := pgx.ForEachRow(rows, []any{&e.Pot.MissionID, &e.Open, &e.Pot.Total, &e.Pot.Contributors, &e.Pot.Version}, func() error {
			escrows[e.Pot.MissionID] = e
			return nil
		})
		return err
	})
}

// writeEntries writes the rows of a decided batch and moves the cash. It
// returns the pots that changed, or errOvertaken.
func writeEntries(ctx context.Context, tx pgx.Tx, entries []ledger.Entry) (map[uuid.UUID]ledger.Pot, error) {
	if err := insertEntries(ctx, tx, entries); err != nil {
		return nil, err
	}
	var held []ledger.Bet
	for _, e := range entries {
		if e.Outcome == ledger.Held {
			held = append(held, e.Bet)
		}
	}
	if len(held) == 0 {
		return nil, nil
	}
	return moveIntoEscrows(ctx, tx, newFastBatch(held))
}

func insertEntries(ctx context.Context, tx pgx.Tx, entries []ledger.Entry) error {
	var ids, users, missions []uuid.UUID
	var kinds, reasons []string
	var amounts, balances []int64
	for _, e := range entries {
		kind := "hold"
		if e.Outcome == ledger.Declined {
			kind = "decline"
		}
		ids, users, missions = append(ids, e.ID), append(users, e.UserID), append(missions, e.MissionID)
		kinds, reasons = append(kinds, kind), append(reasons, string(e.Reason))
		amounts, balances = append(amounts, int64(e.Amount)), append(balances, int64(e.BalanceAfter))
	}
	const insert = `INSERT INTO ledger (id, kind, user_id, mission_id, amount, balance_after, reason)
		SELECT id, kind, user_id, mission_id, amount, balance_after, nullif(reason, '')
		FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::bigint[], $6::bigint[], $7::text[])
			AS e (id, kind, user_id, mission_id, amount, balance_after, reason)
		ON CONFLICT (id) DO NOTHING`
	done, err := tx.Exec(ctx, insert, raw(ids), kinds, raw(users), raw(missions), amounts, balances, reasons)
	if err != nil {
		return fmt.Errorf("write %d ledger rows: %w", len(entries), err)
	}
	if done.RowsAffected() != int64(len(entries)) {
		return errOvertaken
	}
	return nil
}

// moveIntoEscrows debits the wallets and credits the escrows. It returns the
// pots, or errOvertaken if an escrow is no longer open.
func moveIntoEscrows(ctx context.Context, tx pgx.Tx, f *fastBatch) (map[uuid.UUID]ledger.Pot, error) {
	const debit = `UPDATE wallets w SET cash = w.cash - u.amount
		FROM unnest($1::uuid[], $2::bigint[]) AS u (id, amount) WHERE w.user_id = u.id`
	const contribute = `INSERT INTO contributions AS c (mission_id, user_id, amount)
		SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[])
		ON CONFLICT (mission_id, user_id) DO UPDATE SET amount = c.amount + excluded.amount
		RETURNING c.mission_id, xmax = 0`
	const credit = `WITH locked AS (
			SELECT mission_id FROM escrows WHERE mission_id = ANY($1) AND state = 'open' ORDER BY mission_id FOR UPDATE
		)
		UPDATE escrows e SET inflow = e.inflow + m.amount, contributors = e.contributors + m.fresh,
			version = e.version + 1, changed_at = clock_timestamp()
		FROM locked, unnest($1::uuid[], $2::bigint[], $3::integer[]) AS m (id, amount, fresh)
		WHERE e.mission_id = locked.mission_id AND m.id = locked.mission_id
		RETURNING e.mission_id, e.inflow, e.contributors, e.version`

	fresh := make([]int32, len(f.missions))
	var batch pgx.Batch
	batch.Queue(debit, f.users, f.userSum)
	batch.Queue(contribute, f.contribMission, f.contribUser, f.contribSum).Query(func(rows pgx.Rows) error {
		var mission uuid.UUID
		var isNew bool
		_, err := pgx.ForEachRow(rows, []any{&mission, &isNew}, func() error {
			if isNew {
				fresh[f.missionPlaces[mission]-1]++
			}
			return nil
		})
		return err
	})
	if err := tx.SendBatch(ctx, &batch).Close(); err != nil {
		return nil, fmt.Errorf("move cash out of %d wallets: %w", len(f.users), err)
	}
	rows, err := tx.Query(ctx, credit, raw(f.missions), f.missionSum, fresh)
	if err != nil {
		return nil, fmt.Errorf("move cash into %d escrows: %w", len(f.missions), err)
	}
	pots, err := collectPots(rows)
	if err != nil {
		return nil, fmt.Errorf("move cash into %d escrows: %w", len(f.missions), err)
	}
	if len(pots) != len(f.missions) {
		return nil, errOvertaken
	}
	return pots, nil
}
