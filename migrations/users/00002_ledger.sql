-- The ledger: every cash fact, and nothing but cash facts.

-- +goose Up

-- A wallet's balance is the sum of its ledger rows, stored so that a bet need
-- not add them up. The database refuses a negative balance.
CREATE TABLE wallets (
  user_id  uuid PRIMARY KEY REFERENCES users,
  cash     bigint NOT NULL DEFAULT 0 CHECK (cash >= 0)
) WITH (fillfactor = 70);

-- An escrow holds a mission's pot. Open until a verdict closes it; what is
-- paid follows from the ending stored at that moment.
CREATE TABLE escrows (
  mission_id         uuid PRIMARY KEY,
  state              text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed')),
  inflow             bigint NOT NULL DEFAULT 0 CHECK (inflow >= 0),
  outflow            bigint NOT NULL DEFAULT 0 CHECK (outflow >= 0),
  contributors       integer NOT NULL DEFAULT 0 CHECK (contributors >= 0),
  version            bigint NOT NULL DEFAULT 0,
  published_version  bigint NOT NULL DEFAULT 0,
  changed_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
  ending             text CHECK (ending IN ('succeeded', 'failed', 'expired', 'rejected', 'unfunded')),
  streamer_id        uuid,
  creator_id         uuid,
  title              text,
  settled_through    uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000', -- contributors up to here are done
  closed_at          timestamptz,
  settled_at         timestamptz,
  CHECK (outflow <= inflow),
  CHECK ((state = 'closed') = (ending IS NOT NULL AND closed_at IS NOT NULL)),
  CHECK (settled_at IS NULL OR (state = 'closed' AND outflow = inflow))
) WITH (fillfactor = 50);
CREATE INDEX escrows_unpublished ON escrows (changed_at) WHERE version > published_version;

-- What each user contributed to each mission. Refunds and rankings read this.
CREATE TABLE contributions (
  mission_id  uuid NOT NULL,
  user_id     uuid NOT NULL,
  amount      bigint NOT NULL CHECK (amount > 0),
  PRIMARY KEY (mission_id, user_id)
) WITH (fillfactor = 80);
CREATE INDEX contributions_ranking ON contributions (mission_id, amount DESC, user_id);

-- One row per decided fact; the id makes it happen once. A bet's row carries
-- the bet's own id, whether it was held or declined.
--
--   kind     moves cash from   to
--   charge outside wallet
--   hold     wallet            escrow
--   decline  nothing moves; reason is the cause
--   payout   escrow            wallet
--   refund   escrow            wallet
CREATE TABLE ledger (
  id             uuid PRIMARY KEY,
  seq            bigint GENERATED ALWAYS AS IDENTITY,
  kind           text NOT NULL CHECK (kind IN ('charge', 'hold', 'decline', 'payout', 'refund')),
  user_id        uuid NOT NULL, -- no reference: a decline may name an unknown user
  mission_id     uuid,
  amount         bigint NOT NULL CHECK (amount > 0),
  balance_after  bigint NOT NULL CHECK (balance_after >= 0), -- of the wallet
  reason         text CHECK ((kind = 'decline') = (reason IS NOT NULL)),
  created_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  CHECK ((kind = 'charge') = (mission_id IS NULL))
);
CREATE INDEX ledger_history ON ledger (user_id, seq DESC);

-- The double entry: every row that moves cash, seen from both accounts. The
-- sum over all rows is zero, always.
CREATE VIEW postings AS
  SELECT l.id, a.account, a.owner, a.amount, l.created_at
  FROM ledger l
  CROSS JOIN LATERAL (VALUES
    (CASE WHEN l.kind = 'charge' THEN 'world' WHEN l.kind = 'hold' THEN 'wallet' ELSE 'escrow' END,
     CASE WHEN l.kind = 'charge' THEN NULL WHEN l.kind = 'hold' THEN l.user_id ELSE l.mission_id END, -l.amount),
    (CASE WHEN l.kind = 'hold' THEN 'escrow' ELSE 'wallet' END,
     CASE WHEN l.kind = 'hold' THEN l.mission_id ELSE l.user_id END, l.amount)
  ) AS a (account, owner, amount)
  WHERE l.kind <> 'decline';

-- Append-only, by the database itself.
-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% on % is refused: it is append-only', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
-- +goose StatementEnd
CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER escrows_kept BEFORE DELETE OR TRUNCATE ON escrows
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A charge is recorded before the provider is called, with the id that the
-- provider gets, so that a charge whose answer was lost can be looked up.
CREATE TABLE charges (
  id               uuid PRIMARY KEY,
  user_id          uuid NOT NULL REFERENCES users,
  idempotency_key  text NOT NULL,
  request_hash     bytea NOT NULL,
  amount           bigint NOT NULL CHECK (amount > 0),
  status           text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'succeeded', 'declined')),
  created_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
  resolved_at      timestamptz,
  lookups          integer NOT NULL DEFAULT 0,
  next_lookup_at   timestamptz NOT NULL DEFAULT clock_timestamp(), -- when the sweep looks it up (again)
  UNIQUE (user_id, idempotency_key)
);
CREATE INDEX charges_pending ON charges (next_lookup_at) WHERE status = 'pending';

-- One mail per user and settled mission. Never deleted, because a deleted mail
-- would be written and sent again.
CREATE TABLE mails (
  mission_id    uuid NOT NULL,
  user_id       uuid NOT NULL,
  role          text NOT NULL CHECK (role IN ('contributor', 'creator', 'streamer')),
  ending        text NOT NULL,
  title         text NOT NULL,
  amount        bigint NOT NULL,  -- won: what was refunded to, paid to or contributed by this user
  total         bigint NOT NULL,  -- won: the pot
  state         text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'leased', 'sent')),
  attempts      integer NOT NULL DEFAULT 0,
  due_at        timestamptz NOT NULL DEFAULT clock_timestamp(), -- next try, or the end of the lease
  sent_at       timestamptz,
  PRIMARY KEY (mission_id, user_id)
) WITH (fillfactor = 80);
CREATE INDEX mails_due ON mails (due_at) WHERE state <> 'sent';
CREATE TRIGGER mails_kept BEFORE DELETE OR TRUNCATE ON mails
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- How far sweepbets has read each shard of the bet log.
CREATE TABLE sweep_marks (
  shard      smallint PRIMARY KEY CHECK (shard BETWEEN 0 AND 15),
  logged_at  timestamptz NOT NULL DEFAULT 'epoch',
  entry      text NOT NULL DEFAULT '' -- the last document at that time
);
INSERT INTO sweep_marks (shard) SELECT generate_series(0, 15);

-- Logged bets that had no outcome when the mark passed them. A row stays until
-- the bet is decided.
CREATE TABLE strays (
  bet_id      uuid PRIMARY KEY,
  shard       smallint NOT NULL,
  bet         jsonb NOT NULL, -- the log entry, to publish it again
  attempts    integer NOT NULL DEFAULT 0,
  next_at     timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX strays_due ON strays (next_at);

-- +goose Down
DROP TABLE strays, sweep_marks, mails, charges;
DROP VIEW postings;
DROP TABLE ledger, contributions, escrows, wallets;
DROP FUNCTION refuse_change();
