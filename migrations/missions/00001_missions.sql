-- Every mission fact, and the rights of the programs. No cash is decided here.

-- +goose Up
CREATE TABLE missions (
  id                  uuid CONSTRAINT missions_pkey PRIMARY KEY,
  creator_id          uuid NOT NULL,
  idempotency_key     text NOT NULL,
  request_hash        bytea NOT NULL,
  streamer_id         uuid NOT NULL,
  title               text NOT NULL CONSTRAINT missions_title_check CHECK (char_length(title) BETWEEN 1 AND 100),
  description         text NOT NULL DEFAULT '' CONSTRAINT missions_description_check CHECK (char_length(description) <= 1000),
  stake               bigint NOT NULL CONSTRAINT missions_stake_check CHECK (stake BETWEEN 100 AND 1000000),
  time_limit_seconds  integer NOT NULL CONSTRAINT missions_time_limit_seconds_check CHECK (time_limit_seconds BETWEEN 60 AND 604800),
  -- the streamer's terms when it was created
  auto_accept         boolean NOT NULL,
  min_stake           bigint NOT NULL,
  max_stake           bigint NOT NULL,
  acceptance_seconds  integer NOT NULL,

  status              text NOT NULL DEFAULT 'funding' CONSTRAINT missions_status_check CHECK (status IN
                        ('funding', 'proposed', 'active', 'succeeded', 'failed', 'expired', 'rejected', 'unfunded')),
  deadline            timestamptz NOT NULL, -- of the present state
  revision            bigint NOT NULL DEFAULT 1, -- one per event

  -- the pot as the ledger published it
  pot                 bigint NOT NULL DEFAULT 0 CONSTRAINT missions_pot_check CHECK (pot >= 0),
  contributors        integer NOT NULL DEFAULT 0 CONSTRAINT missions_contributors_check CHECK (contributors >= 0),
  pot_version         bigint NOT NULL DEFAULT 0,

  created_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
  accepted_at         timestamptz,
  decided_at          timestamptz,
  settled_at          timestamptz,
  verdict_tries       integer NOT NULL DEFAULT 0,
  verdict_next_at     timestamptz, -- when sweepmissions repeats the verdict

  CONSTRAINT missions_creator_id_idempotency_key_key UNIQUE (creator_id, idempotency_key),
  CONSTRAINT missions_not_for_oneself CHECK (creator_id <> streamer_id),
  CONSTRAINT missions_decided CHECK ((decided_at IS NOT NULL) = (status IN ('succeeded', 'failed', 'expired', 'rejected', 'unfunded'))),
  CONSTRAINT missions_settled CHECK (settled_at IS NULL OR decided_at IS NOT NULL)
) WITH (fillfactor = 70);
CREATE INDEX missions_streamer ON missions (streamer_id, id DESC);
CREATE INDEX missions_creator ON missions (creator_id, id DESC);
CREATE INDEX missions_status ON missions (status, id DESC);
CREATE INDEX missions_overdue ON missions (deadline) WHERE status IN ('funding', 'proposed', 'active');
CREATE INDEX missions_unsettled ON missions (verdict_next_at) WHERE decided_at IS NOT NULL AND settled_at IS NULL;
-- The open missions of one creator, and of one creator for one streamer, are
-- counted before another one is made.
CREATE INDEX missions_open ON missions (creator_id, streamer_id) WHERE status IN ('funding', 'proposed', 'active');

-- The events of a mission, in order. They are written in the transaction of the
-- change and copied to Firestore after it, or by sweepmissions if that failed.
CREATE TABLE mission_events (
  mission_id  uuid NOT NULL CONSTRAINT mission_events_mission_id_fkey REFERENCES missions,
  revision    bigint NOT NULL,
  kind        text NOT NULL CONSTRAINT mission_events_kind_check CHECK (kind IN
                ('created', 'proposed', 'accepted', 'rejected', 'unfunded', 'pot_changed', 'succeeded', 'failed', 'expired', 'settled')),
  mission     jsonb NOT NULL, -- the mission after the event
  created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  copied_at   timestamptz,
  CONSTRAINT mission_events_pkey PRIMARY KEY (mission_id, revision)
);
CREATE INDEX mission_events_uncopied ON mission_events (created_at) WHERE copied_at IS NULL;

-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
-- +goose StatementEnd
CREATE TRIGGER missions_kept BEFORE DELETE OR TRUNCATE ON missions
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER mission_events_kept BEFORE DELETE OR TRUNCATE ON mission_events
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

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
DROP TABLE mission_events, missions;
DROP FUNCTION refuse_change();
