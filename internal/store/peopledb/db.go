package peopledb

import "example.com/missionpot/internal/store/pg"

// DB is the people. It is safe for concurrent use.
type DB struct {
	pool *pg.Pool
}

// New makes the store on a pool, which the caller closes.
func New(pool *pg.Pool) *DB { return &DB{pool: pool} }
