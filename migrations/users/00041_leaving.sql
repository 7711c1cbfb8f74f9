-- Somebody who is leaving is given no new missions while it is looked for open ones.

-- +goose Up
ALTER TABLE users ADD COLUMN leaving_at timestamptz;

-- +goose Down
ALTER TABLE users DROP COLUMN leaving_at;
