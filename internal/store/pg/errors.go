package pg

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

// SQLSTATE codes that stores distinguish:
// https://www.postgresql.org/docs/current/errcodes-appendix.html
const (
	Deadlock      = "40P01"
	Serialization = "40001"
	Unique        = "23505"
	ForeignKey    = "23503"
)

// Code is the SQLSTATE code of an error, or empty.
func Code(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	return ""
}

// Constraint is the constraint that an error is about, or empty.
func Constraint(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.ConstraintName
	}
	return ""
}
