-- The check of the books: how far it has read, what it found, and the switch to
-- exit-only mode.

-- +goose Up

-- How far the check has come. One row.
CREATE TABLE books_state (
  id            boolean CONSTRAINT books_state_pkey PRIMARY KEY DEFAULT true CONSTRAINT books_state_id_check CHECK (id),
  seq           bigint NOT NULL DEFAULT 0,  -- every row of the ledger up to here is in the sums below
  next_seq      bigint NOT NULL DEFAULT 0,  -- how far the next check may go,
  next_xid      xid8 NOT NULL DEFAULT '0',  -- once every transaction below this one has ended
  charged       bigint NOT NULL DEFAULT 0,  -- won, of the charges up to seq
  charges       bigint NOT NULL DEFAULT 0,
  mission_id    uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000', -- where the round of all missions has come to
  user_id       uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000', -- where the round of all wallets has come to
  missions_from timestamptz NOT NULL DEFAULT clock_timestamp(), -- when the round of missions under way began
  missions_done timestamptz,                                    -- when the last one that was finished began
  users_from    timestamptz NOT NULL DEFAULT clock_timestamp(),
  users_done    timestamptz
);
INSERT INTO books_state DEFAULT VALUES;

-- The sums of the ledger's rows for each mission, added up row by row by the
-- check alone. The escrows are compared with them.
CREATE TABLE books_missions (
  mission_id  uuid CONSTRAINT books_missions_pkey PRIMARY KEY,
  held        bigint NOT NULL DEFAULT 0, -- won
  holds       bigint NOT NULL DEFAULT 0, -- rows
  declines    bigint NOT NULL DEFAULT 0,
  paid        bigint NOT NULL DEFAULT 0,
  payouts     bigint NOT NULL DEFAULT 0,
  refunded    bigint NOT NULL DEFAULT 0,
  refunds     bigint NOT NULL DEFAULT 0,
  logged      bigint NOT NULL DEFAULT 0  -- entries of the bet log that the check has passed
) WITH (fillfactor = 70);

-- How far the check has read each shard of the bet log. It never passes the sweep.
CREATE TABLE books_shards (
  shard      smallint CONSTRAINT books_shards_pkey PRIMARY KEY CONSTRAINT books_shards_shard_check CHECK (shard BETWEEN 0 AND 15),
  logged_at  timestamptz NOT NULL DEFAULT 'epoch',
  entry      text NOT NULL DEFAULT ''
);
INSERT INTO books_shards (shard) SELECT generate_series(0, 15);

-- Logged bets that had no outcome when the check passed them.
CREATE TABLE books_pending (
  bet_id      uuid CONSTRAINT books_pending_pkey PRIMARY KEY,
  mission_id  uuid NOT NULL,
  bet         jsonb NOT NULL -- the log entry
);

-- Every check that was finished.
CREATE TABLE books_checks (
  id           bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT books_checks_pkey PRIMARY KEY,
  whole        boolean NOT NULL, -- read everything again from the beginning
  started_at   timestamptz NOT NULL,
  finished_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  charged      bigint NOT NULL, -- won, all at one moment
  wallets      bigint NOT NULL,
  held         bigint NOT NULL,
  put_in       bigint NOT NULL,
  paid         bigint NOT NULL,
  refunded     bigint NOT NULL,
  broken       integer NOT NULL, -- findings that break a rule
  late         integer NOT NULL, -- findings of delays
  findings     jsonb NOT NULL    -- the first of them
);

-- Whether new cash is taken: the last row decides. The rows record who changed
-- it, when and why.
CREATE TABLE mode_changes (
  id          bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT mode_changes_pkey PRIMARY KEY,
  exit_only   boolean NOT NULL,
  changed_by  text NOT NULL CONSTRAINT mode_changes_changed_by_check CHECK (changed_by <> ''),
  reason      text NOT NULL CONSTRAINT mode_changes_reason_check CHECK (reason <> ''),
  -- the check that caused the change, or that was clean
  check_id    bigint CONSTRAINT mode_changes_check_id_fkey REFERENCES books_checks,
  login       text NOT NULL DEFAULT session_user, -- as the database knew them
  changed_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT mode_changes_checked CHECK (exit_only OR check_id IS NOT NULL) -- a check is needed to take cash again
);
CREATE TRIGGER mode_changes_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON mode_changes
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TABLE mode_changes, books_checks, books_pending, books_shards, books_missions, books_state;
