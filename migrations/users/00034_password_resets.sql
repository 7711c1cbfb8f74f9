-- The way back for who has forgotten their password: a code that is mailed.

-- +goose Up

-- One row per person who asked. mailresults makes the code when it sends the mail,
-- so that it is in the mail and nowhere else. A row goes when its code is used, its
-- person leaves, or somebody asks a day later; usersdb/resets.go does it.
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
