package bench

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"example.com/missionpot/internal/core/ledger"
)

// loopConnections is how many refunds the plain version runs at once.
const loopConnections = 32

// settleLoop compares the settlement with one transaction per refund.
func settleLoop() Experiment {
	const chunks, loop = "refund", "a transaction per refund, 32 connections"
	return Experiment{
		Name: "refundloop",
		Rows: []Row{{Name: "settle_vs_loop", What: "a failed mission, against a transaction per refund on 32 connections", Unit: "s",
			Value: chunks, Baseline: []string{loop}, Speedup: true, Goal: Goal{AtLeast: 15}}},
		Setup: func(ctx context.Context, b *Bench) ([]Subject, error) {
			k, err := openBackers(ctx, b, b.Scale.Users)
			if err != nil {
				return nil, err
			}
			pool, err := b.pool(ctx, k.dsn, loopConnections)
			if err != nil {
				return nil, err
			}
			return []Subject{k.refund(len(k.people), chunks), k.loop(pool, loop)}, nil
		},
	}
}

// loop times the refund of everyone, each in a transaction of their own.
func (k *backers) loop(pool *pgxpool.Pool, name string) Subject {
	return single(name, func(ctx context.Context) (float64, error) {
		mission := newID()
		return k.timed(ctx, func() error {
			all, ctx := errgroup.WithContext(ctx)
			all.SetLimit(loopConnections)
			for _, p := range k.people {
				all.Go(func() error { return refundOne(ctx, pool, mission, p.id) })
			}
			return all.Wait()
		})
	})
}

// refundOne is the plain version: lock the wallet, write the row if it is not there, credit, write
// the mail.
func refundOne(ctx context.Context, pool *pgxpool.Pool, mission, user uuid.UUID) error {
	const (
		lock   = `SELECT cash FROM wallets WHERE user_id = $1 FOR UPDATE`
		enter  = `INSERT INTO ledger (id, kind, user_id, mission_id, amount, balance_after) VALUES ($1, 'refund', $2, $3, $4, $5) ON CONFLICT DO NOTHING`
		credit = `UPDATE wallets SET cash = cash + $2 WHERE user_id = $1`
		mail   = `INSERT INTO mails (mission_id, user_id, role, ending, title, amount, total)
			VALUES ($1, $2, 'contributor', 'failed', $3, $4, $4) ON CONFLICT DO NOTHING`
	)
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		var cash ledger.Won
		if err := tx.QueryRow(ctx, lock, user).Scan(&cash); err != nil {
			return fmt.Errorf("lock a wallet: %w", err)
		}
		entered, err := tx.Exec(ctx, enter, ledger.RefundID(mission, user), user, mission, betAmount, cash+betAmount)
		if err != nil || entered.RowsAffected() == 0 {
			return err
		}
		if _, err := tx.Exec(ctx, credit, user, betAmount); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, mail, mission, user, settledTitle, betAmount)
		return err
	})
}
