-- A creator withdraws a proposed mission: one more ending to settle. Every row meets
-- the wider check, because it met the one before, so none is read again.

-- +goose Up
ALTER TABLE escrows
  DROP CONSTRAINT escrows_ending_check,
  ADD CONSTRAINT escrows_ending_check
    CHECK (ending IN ('succeeded', 'failed', 'expired', 'rejected', 'unfunded', 'withdrawn')) NOT VALID;

-- +goose Down
ALTER TABLE escrows
  DROP CONSTRAINT escrows_ending_check,
  ADD CONSTRAINT escrows_ending_check
    CHECK (ending IN ('succeeded', 'failed', 'expired', 'rejected', 'unfunded'));
