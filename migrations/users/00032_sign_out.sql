-- Operators end the sign-ins of somebody whose device was lost, on the record.

-- +goose Up
ALTER TABLE operator_actions DROP CONSTRAINT operator_actions_action_check,
  ADD CONSTRAINT operator_actions_action_check CHECK (action IN
    ('grant_operator', 'revoke_operator', 'sign_out', 'list_letters', 'read_letter', 'redrive_letter'));

-- +goose Down
-- The record can't be changed, so this fails once somebody was signed out: on purpose.
ALTER TABLE operator_actions DROP CONSTRAINT operator_actions_action_check,
  ADD CONSTRAINT operator_actions_action_check CHECK (action IN
    ('grant_operator', 'revoke_operator', 'list_letters', 'read_letter', 'redrive_letter'));
