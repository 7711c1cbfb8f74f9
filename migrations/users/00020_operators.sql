-- Who may operate the system through the API, and what they did there.

-- +goose Up

-- A row makes an account an operator's. The API reads it at every call. Rows
-- are inserted and deleted by the command `operator`, never by the API.
CREATE TABLE operators (
  user_id     uuid PRIMARY KEY REFERENCES users,
  granted_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- The audit log. A row is written before the action, so every action is here.
-- There is no reference to users, because a row outlives the account.
CREATE TABLE operator_actions (
  seq      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at       timestamptz NOT NULL DEFAULT clock_timestamp(),
  actor    text NOT NULL CHECK (char_length(actor) BETWEEN 1 AND 200),  -- user:ID by the API, command:NAME by the command
  action   text NOT NULL CHECK (action IN ('grant_operator', 'revoke_operator', 'list_letters', 'read_letter', 'redrive_letter')),
  subject  text NOT NULL DEFAULT '' CHECK (char_length(subject) <= 300) -- the user's or the letter's id
);
CREATE TRIGGER operator_actions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON operator_actions
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- An operator has no cash, and this trigger ensures it: cash comes in by
-- charges only. The lock on the user serializes a charge and a grant at the
-- same time.
-- +goose StatementBegin
CREATE FUNCTION refuse_operators_charge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM users WHERE id = NEW.user_id FOR KEY SHARE;
  IF EXISTS (SELECT FROM operators WHERE user_id = NEW.user_id) THEN
    RAISE EXCEPTION 'an operator has no cash' USING ERRCODE = 'MP002';
  END IF;
  RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER charges_not_of_operators BEFORE INSERT ON charges
  FOR EACH ROW EXECUTE FUNCTION refuse_operators_charge();

-- +goose Down
DROP TRIGGER charges_not_of_operators ON charges;
DROP FUNCTION refuse_operators_charge();
DROP TABLE operator_actions, operators;
