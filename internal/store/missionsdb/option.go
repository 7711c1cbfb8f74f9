package missionsdb

import (
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Option changes how Open connects.
type Option func(*pgxpool.Config)

// Through makes connections with a dialer instead of to the address in the URL.
// Nil changes nothing.
func Through(dial pgconn.DialFunc) Option {
	return func(config *pgxpool.Config) {
		if dial != nil {
			config.ConnConfig.DialFunc = dial
		}
	}
}
