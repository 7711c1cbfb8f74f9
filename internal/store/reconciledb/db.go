package reconciledb

import "example.com/missionpot/internal/store/pg"

// DB is what a check of the books uses. It is safe for concurrent use.
type DB struct {
	pool *pg.Pool
}

// New makes the store on a pool, which the caller closes.
func New(pool *pg.Pool) *DB { return &DB{pool: pool} }
