-- A creator withdraws a proposed mission: one more ending. Every row meets the wider
-- checks, because it met the ones before, so none is read again.

-- +goose Up
ALTER TABLE missions
  DROP CONSTRAINT missions_status_check,
  ADD CONSTRAINT missions_status_check CHECK (status IN
    ('funding', 'proposed', 'active', 'succeeded', 'failed', 'expired', 'rejected', 'unfunded', 'withdrawn')) NOT VALID,
  DROP CONSTRAINT missions_decided,
  ADD CONSTRAINT missions_decided CHECK ((decided_at IS NOT NULL) =
    (status IN ('succeeded', 'failed', 'expired', 'rejected', 'unfunded', 'withdrawn'))) NOT VALID;
ALTER TABLE mission_events
  DROP CONSTRAINT mission_events_kind_check,
  ADD CONSTRAINT mission_events_kind_check CHECK (kind IN
    ('created', 'proposed', 'accepted', 'rejected', 'unfunded', 'withdrawn', 'pot_changed', 'succeeded', 'failed', 'expired', 'settled')) NOT VALID;

-- +goose Down
ALTER TABLE mission_events
  DROP CONSTRAINT mission_events_kind_check,
  ADD CONSTRAINT mission_events_kind_check CHECK (kind IN
    ('created', 'proposed', 'accepted', 'rejected', 'unfunded', 'pot_changed', 'succeeded', 'failed', 'expired', 'settled'));
ALTER TABLE missions
  DROP CONSTRAINT missions_decided,
  ADD CONSTRAINT missions_decided CHECK ((decided_at IS NOT NULL) = (status IN ('succeeded', 'failed', 'expired', 'rejected', 'unfunded'))),
  DROP CONSTRAINT missions_status_check,
  ADD CONSTRAINT missions_status_check CHECK (status IN
    ('funding', 'proposed', 'active', 'succeeded', 'failed', 'expired', 'rejected', 'unfunded'));
