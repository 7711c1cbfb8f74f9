-- What is left of the tries to sign in, by account, by address and by both.

-- +goose Up

-- One row per budget in use. It is full again at full_at, and each try moves
-- that time forward. The key is a keyed hash (HMAC-SHA-256) made outside the
-- database: a row reveals neither the account nor the address.
-- usersdb/logins.go deletes rows that are no longer needed.
CREATE TABLE login_budgets (
  key          bytea PRIMARY KEY CHECK (length(key) = 32),
  full_at      timestamptz NOT NULL,
  known_until  timestamptz, -- the account was signed in to from this address
  kept_until   timestamptz GENERATED ALWAYS AS (greatest(full_at, known_until)) STORED
) WITH (fillfactor = 70);
CREATE INDEX login_budgets_kept ON login_budgets (kept_until);

-- +goose Down
DROP TABLE login_budgets;
