package ledgerdb

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/store/pg"
)

// holdExact reads what is known about the bets, which are sorted by user,
// decides them with ledger.Decide, and writes the result.
//
// It takes no lock before it writes. What it read may be out of date by then,
// so the write checks that nothing relevant has changed: the wallets must still
// cover the bets, no bet may have been decided since, and the escrows must be
// open. A declined bet needs no check: it was to be declined when it was read,
// and a charge that commits afterwards comes after the bet.
func (db *DB) holdExact(ctx context.Context, bets []ledger.Bet) ([]ledger.Ruling, error) {
	known, err := db.readKnown(ctx, bets)
	if err != nil {
		return nil, err
	}
	rulings, entries := ledger.Decide(bets, known, time.Now())
	if len(entries) > 0 {
		if err := db.writeDecided(ctx, rulings, entries); err != nil {
			return nil, err
		}
	}
	db.exact.Store(!allNewlyHeld(rulings, entries))
	return rulings, nil
}

// writeDecided writes the rows of a decided batch and adds the new pots to the rulings.
func (db *DB) writeDecided(ctx context.Context, rulings []ledger.Ruling, entries []ledger.Entry) error {
	var held []ledger.Bet
	var declined []ledger.Entry
	for _, e := range entries {
		if e.Outcome == ledger.Held {
			held = append(held, e.Bet)
		} else {
			declined = append(declined, e)
		}
	}
	pots, err := db.write(ctx, held, declined)
	if err != nil {
		return err
	}
	for i := range rulings {
		if pot, changed := pots[rulings[i].Pot.MissionID]; changed {
			rulings[i].Pot = pot
		}
	}
	return nil
}

// allNewlyHeld reports whether the batch could have taken the fast path.
func allNewlyHeld(rulings []ledger.Ruling, entries []ledger.Entry) bool {
	return len(entries) == len(rulings) &&
		!slices.ContainsFunc(entries, func(e ledger.Entry) bool { return e.Outcome != ledger.Held })
}

// readKnown reads, in one round trip, what the ledger knows about a batch.
func (db *DB) readKnown(ctx context.Context, bets []ledger.Bet) (ledger.Known, error) {
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
	if err := db.pool.SendBatch(ctx, &batch).Close(); err != nil {
		return ledger.Known{}, fmt.Errorf("read what is known of %d bets: %w", len(bets), err)
	}
	return known, nil
}

func queueWallets(batch *pgx.Batch, users []uuid.UUID, cash map[uuid.UUID]ledger.Won) {
	const read = `SELECT user_id, cash FROM wallets WHERE user_id = ANY($1)`
	batch.Queue(read, pg.IDs(users)).Query(func(rows pgx.Rows) error {
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
	batch.Queue(read, pg.IDs(ids)).Query(func(rows pgx.Rows) error {
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
	batch.Queue(read, pg.IDs(missions)).Query(func(rows pgx.Rows) error {
		var e ledger.EscrowState
		_, err := pgx.ForEachRow(rows, []any{&e.Pot.MissionID, &e.Open, &e.Pot.Amount, &e.Pot.Contributors, &e.Pot.Version}, func() error {
			escrows[e.Pot.MissionID] = e
			return nil
		})
		return err
	})
}
