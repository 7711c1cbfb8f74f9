-- A user who is leaving gets no new missions while the API looks for open ones.

-- +goose Up
ALTER TABLE users ADD COLUMN leaving_at timestamptz;

-- +goose Down
ALTER TABLE users DROP COLUMN leaving_at;
