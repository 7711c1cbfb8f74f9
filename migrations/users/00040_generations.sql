-- Access tokens end with whatever ends all sign-ins of a person, and a refresh
-- token can be sent again for a moment if its answer was lost.

-- +goose Up

-- Raised whenever all sign-ins of the person end. An access token carries the
-- generation that it was made in, and is good in no other.
ALTER TABLE users ADD COLUMN generation bigint NOT NULL DEFAULT 0;

-- When a second factor was begun; unless it is confirmed soon, it lapses.
ALTER TABLE second_factors ADD COLUMN begun_at timestamptz NOT NULL DEFAULT clock_timestamp();

-- The token that replaced this one: its hash, and its text, sealed with this
-- token's own text as the key. Whoever reads the database can't open it.
ALTER TABLE refresh_tokens ADD COLUMN successor bytea CHECK (length(successor) = 32), ADD COLUMN sealed bytea;

-- +goose Down
ALTER TABLE refresh_tokens DROP COLUMN sealed, DROP COLUMN successor;
ALTER TABLE second_factors DROP COLUMN begun_at;
ALTER TABLE users DROP COLUMN generation;
