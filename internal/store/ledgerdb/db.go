package ledgerdb

import (
	"fmt"
	"sync/atomic"

	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/store/pg"
)

// DB is the ledger. It is safe for concurrent use.
type DB struct {
	pool *pg.Pool
	// exact is set when the last batch did not fit the fast path, so that the
	// next one does not try it first.
	exact atomic.Bool
}

// New makes the store on a pool, which the caller closes.
func New(pool *pg.Pool) *DB { return &DB{pool: pool} }

// SQLSTATE codes of the database's functions and triggers.
const (
	codeOvertaken     = "MP001" // raised by hold_batch: the decision no longer fits
	codeOperator      = "MP002" // an operator has no cash
	codeNotFastRefund = "MP003" // raised by refund_chunk: the chunk does not fit it
)

// ledgerKey is the constraint that lets a bet be decided once.
const ledgerKey = "ledger_pkey"

// lasting marks an error that the same input would cause again: the data is out
// of range (class 22) or violates a constraint (class 23).
func lasting(err error) error {
	if code := pg.Code(err); len(code) == 5 && (code[:2] == "22" || code[:2] == "23") {
		return fmt.Errorf("%w: %w", ledger.ErrLasting, err)
	}
	return err
}
