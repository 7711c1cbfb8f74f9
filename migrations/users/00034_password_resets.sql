-- A mailed code for a user who has forgotten the password.

-- +goose Up

-- One row per user who asked. mailresults makes the code when it sends the
-- mail, so that the code is only in the mail. usersdb/resets.go deletes a row
-- when its code is used or its user leaves, and rows older than a day when
-- another user asks.
CREATE TABLE password_resets (
  user_id    uuid PRIMARY KEY REFERENCES users,
  asked_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  state      text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'leased', 'sent')),
  attempts   integer NOT NULL DEFAULT 0,
  due_at     timestamptz NOT NULL DEFAULT clock_timestamp(), -- next try, or the end of the lease
  hash       bytea UNIQUE CHECK (length(hash) = 32),         -- SHA-256 of the newest code; null before the first
  lapses_at  timestamptz,
  CHECK ((hash IS NULL) = (lapses_at IS NULL))
) WITH (fillfactor = 70);
CREATE INDEX password_resets_due ON password_resets (due_at) WHERE state <> 'sent';
CREATE INDEX password_resets_asked ON password_resets (asked_at);

-- +goose Down
DROP TABLE password_resets;
