-- Access tokens end when all sign-ins of a user end, and a refresh token can be
-- used again for a short time if its answer was lost.

-- +goose Up

-- Raised whenever all sign-ins of the user end. An access token carries its
-- generation, and is valid in no other.
ALTER TABLE users ADD COLUMN generation bigint NOT NULL DEFAULT 0;

-- When a second factor was begun. It expires unless it is confirmed soon.
ALTER TABLE second_factors ADD COLUMN begun_at timestamptz NOT NULL DEFAULT clock_timestamp();

-- The token that replaced this one: its hash, and its text, sealed with this
-- token's own text as the key. It can't be opened with what is in the database.
ALTER TABLE refresh_tokens ADD COLUMN successor bytea CHECK (length(successor) = 32), ADD COLUMN sealed bytea;

-- +goose Down
ALTER TABLE refresh_tokens DROP COLUMN sealed, DROP COLUMN successor;
ALTER TABLE second_factors DROP COLUMN begun_at;
ALTER TABLE users DROP COLUMN generation;
