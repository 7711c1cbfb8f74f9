-- People may leave. Their row stays, under an id that names nobody, because the
-- ledger and the rankings go on to point at it; usersdb/leave.go empties it.

-- +goose Up
ALTER TABLE users ADD COLUMN left_at timestamptz;

-- A mail whose reader has left is done, and was never sent.
COMMENT ON COLUMN mails.sent_at IS 'null on a sent one: its reader left before';

-- +goose Down
COMMENT ON COLUMN mails.sent_at IS NULL;
ALTER TABLE users DROP COLUMN left_at;
