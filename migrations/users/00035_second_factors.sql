-- An optional second factor: an app that makes codes (TOTP, RFC 6238).

-- +goose Up

-- The secret must be there to check a code, so it can't be a hash. Only the API may
-- read it, as NIST SP 800-63B-4, 3.1.4.2, asks.
CREATE TABLE second_factors (
  user_id       uuid PRIMARY KEY REFERENCES users,
  secret        bytea NOT NULL CHECK (length(secret) = 20),
  confirmed_at  timestamptz,               -- null until it is confirmed with a code; from then on it is required
  last_step     bigint NOT NULL DEFAULT 0  -- the step of the newest accepted code; it and older ones are not accepted again
);

-- Recovery codes: each lets a user who has lost the app sign in once.
CREATE TABLE recovery_codes (
  hash     bytea PRIMARY KEY CHECK (length(hash) = 32), -- SHA-256; the code itself is never stored
  user_id  uuid NOT NULL REFERENCES second_factors ON DELETE CASCADE
);
CREATE INDEX recovery_codes_user ON recovery_codes (user_id);

ALTER TABLE operator_actions DROP CONSTRAINT operator_actions_action_check,
  ADD CONSTRAINT operator_actions_action_check CHECK (action IN
    ('grant_operator', 'revoke_operator', 'sign_out', 'remove_second_factor', 'list_letters', 'read_letter', 'redrive_letter'));

-- +goose Down
-- The audit log can't be changed, so this fails once a second factor was
-- removed. That is intended.
ALTER TABLE operator_actions DROP CONSTRAINT operator_actions_action_check,
  ADD CONSTRAINT operator_actions_action_check CHECK (action IN
    ('grant_operator', 'revoke_operator', 'sign_out', 'list_letters', 'read_letter', 'redrive_letter'));
DROP TABLE recovery_codes, second_factors;
