-- Who may do what: operators, what they did, and the rights of the programs.

-- +goose Up

-- Who may operate the system through the API. A row makes an account an
-- operator's. The API reads it at every call. Rows are inserted and deleted by
-- the command `operator`, never by the API.
CREATE TABLE operators (
  user_id     uuid CONSTRAINT operators_pkey PRIMARY KEY CONSTRAINT operators_user_id_fkey REFERENCES users,
  granted_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- The audit log. A row is written before the action, so every action is here.
-- There is no reference to users, because a row outlives the account.
CREATE TABLE operator_actions (
  seq      bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT operator_actions_pkey PRIMARY KEY,
  at       timestamptz NOT NULL DEFAULT clock_timestamp(),
  actor    text NOT NULL CONSTRAINT operator_actions_actor_check
             CHECK (char_length(actor) BETWEEN 1 AND 200), -- user:ID by the API, command:NAME by the command
  action   text NOT NULL CONSTRAINT operator_actions_action_check CHECK (action IN
             ('grant_operator', 'revoke_operator', 'sign_out', 'remove_second_factor', 'list_letters', 'read_letter', 'redrive_letter')),
  subject  text NOT NULL DEFAULT '' CONSTRAINT operator_actions_subject_check
             CHECK (char_length(subject) <= 300) -- the user's or the letter's id
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

-- What each program may do, as the releases gave it. A right that a release no
-- longer names is struck here and taken away later: until then the release
-- before can still run. Nobody but the owner can reach this schema.
CREATE SCHEMA release;

CREATE TABLE release.rights (
  program      text NOT NULL,
  table_name   text NOT NULL,
  privilege    text NOT NULL CONSTRAINT rights_privilege_check CHECK (privilege IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')),
  column_name  text NOT NULL,      -- empty: the whole table
  struck_at    timestamptz,        -- since when no release has named it
  CONSTRAINT rights_pkey PRIMARY KEY (program, table_name, privilege, column_name)
);

-- +goose Down
DROP SCHEMA release CASCADE;
DROP TRIGGER charges_not_of_operators ON charges;
DROP FUNCTION refuse_operators_charge();
DROP TABLE operator_actions, operators;
