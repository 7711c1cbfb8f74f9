-- The open missions of one creator, and of one creator for one streamer, are
-- counted before another one is made.

-- +goose Up
CREATE INDEX missions_open ON missions (creator_id, streamer_id) WHERE status IN ('funding', 'proposed', 'active');

-- +goose Down
DROP INDEX missions_open;
