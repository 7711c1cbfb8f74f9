-- Users may leave. Their row stays without personal data, because the ledger
-- and the rankings refer to it. usersdb/leave.go empties it.

-- +goose Up
ALTER TABLE users ADD COLUMN left_at timestamptz;

-- A mail whose reader has left is marked as sent, and has no time of sending.
COMMENT ON COLUMN mails.sent_at IS 'null on a sent one: its reader left before';

-- +goose Down
COMMENT ON COLUMN mails.sent_at IS NULL;
ALTER TABLE users DROP COLUMN left_at;
