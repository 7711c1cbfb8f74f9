-- Operators end the sign-ins of a user who has lost a device. The audit log records it.

-- +goose Up
ALTER TABLE operator_actions DROP CONSTRAINT operator_actions_action_check,
  ADD CONSTRAINT operator_actions_action_check CHECK (action IN
    ('grant_operator', 'revoke_operator', 'sign_out', 'list_letters', 'read_letter', 'redrive_letter'));

-- +goose Down
-- The audit log can't be changed, so this fails once a user was signed out.
-- That is intended.
ALTER TABLE operator_actions DROP CONSTRAINT operator_actions_action_check,
  ADD CONSTRAINT operator_actions_action_check CHECK (action IN
    ('grant_operator', 'revoke_operator', 'list_letters', 'read_letter', 'redrive_letter'));
