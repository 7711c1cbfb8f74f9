-- What each program may do, as the releases gave it. A right that a release no
-- longer names is struck here and taken away later: until then the release
-- before can still run. Nobody but the owner can reach this schema.

-- +goose Up
CREATE SCHEMA release;

CREATE TABLE release.rights (
  program      text NOT NULL,
  table_name   text NOT NULL,
  privilege    text NOT NULL CHECK (privilege IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')),
  column_name  text NOT NULL,      -- empty: the whole table
  struck_at    timestamptz,        -- since when no release has named it
  PRIMARY KEY (program, table_name, privilege, column_name)
);

-- +goose Down
DROP SCHEMA release CASCADE;
