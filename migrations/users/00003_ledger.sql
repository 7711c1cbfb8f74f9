-- The ledger: every cash fact, and nothing but cash facts.

-- +goose Up

-- A wallet's balance is the sum of its ledger rows, stored so that a bet need
-- not add them up. The database refuses a negative balance.
CREATE TABLE wallets (
  user_id  uuid CONSTRAINT wallets_pkey PRIMARY KEY CONSTRAINT wallets_user_id_fkey REFERENCES users,
  cash     bigint NOT NULL DEFAULT 0 CONSTRAINT wallets_cash_check CHECK (cash >= 0)
) WITH (fillfactor = 70);

-- An escrow holds a mission's pot. Open until a verdict closes it; what is
-- paid follows from the ending stored at that moment.
CREATE TABLE escrows (
  mission_id         uuid CONSTRAINT escrows_pkey PRIMARY KEY,
  state              text NOT NULL DEFAULT 'open' CONSTRAINT escrows_state_check CHECK (state IN ('open', 'closed')),
  inflow             bigint NOT NULL DEFAULT 0 CONSTRAINT escrows_inflow_check CHECK (inflow >= 0),
  outflow            bigint NOT NULL DEFAULT 0 CONSTRAINT escrows_outflow_check CHECK (outflow >= 0),
  contributors       integer NOT NULL DEFAULT 0 CONSTRAINT escrows_contributors_check CHECK (contributors >= 0),
  version            bigint NOT NULL DEFAULT 0,
  published_version  bigint NOT NULL DEFAULT 0,
  changed_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
  ending             text CONSTRAINT escrows_ending_check
                       CHECK (ending IN ('succeeded', 'failed', 'expired', 'rejected', 'unfunded')),
  streamer_id        uuid,
  creator_id         uuid,
  title              text,
  settled_through    uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000', -- contributors up to here are done
  closed_at          timestamptz,
  settled_at         timestamptz,
  ranked_version     bigint NOT NULL DEFAULT 0, -- the version that the standings fully include
  -- When the verdict was given, and what was bet at that moment or later. It is
  -- computed once, when the escrow is closed and a payout is due.
  decided_at         timestamptz,
  late_known         boolean NOT NULL DEFAULT false,
  late               bigint NOT NULL DEFAULT 0,
  CONSTRAINT escrows_check CHECK (outflow <= inflow),
  CONSTRAINT escrows_closed CHECK ((state = 'closed') = (ending IS NOT NULL AND closed_at IS NOT NULL)),
  CONSTRAINT escrows_check2 CHECK (settled_at IS NULL OR (state = 'closed' AND outflow = inflow)),
  CONSTRAINT escrows_late CHECK (late BETWEEN 0 AND inflow)
) WITH (fillfactor = 50);
-- One index for all that is left behind, so that the hot row has one to maintain.
CREATE INDEX escrows_behind ON escrows (changed_at) WHERE version > published_version OR version > ranked_version;

-- What each user contributed to each mission. Refunds read this. It has no index
-- on the amount: no growing contribution could then be updated in place (HOT).
CREATE TABLE contributions (
  mission_id  uuid NOT NULL,
  user_id     uuid NOT NULL,
  amount      bigint NOT NULL CONSTRAINT contributions_amount_check CHECK (amount > 0),
  CONSTRAINT contributions_pkey PRIMARY KEY (mission_id, user_id)
) WITH (fillfactor = 80);
-- What a user holds in open missions is added up without reading their history.
CREATE INDEX contributions_user ON contributions (user_id);

-- The ranking has its own table, which is updated after the bets: every two
-- seconds by holdbets, and exactly by a sweep once a mission is quiet. A
-- standing only rises, so the newest wins in whatever order they are written.
CREATE TABLE standings (
  mission_id  uuid NOT NULL,
  user_id     uuid NOT NULL,
  -- in won: the contribution, possibly a little out of date
  amount      bigint NOT NULL CONSTRAINT standings_amount_check CHECK (amount > 0),
  CONSTRAINT standings_pkey PRIMARY KEY (mission_id, user_id)
);
CREATE INDEX standings_ranking ON standings (mission_id, amount DESC, user_id);

-- One row per decided fact; the id makes it happen once. A bet's row carries
-- the bet's own id, whether it was held or declined.
--
--   kind     moves cash from   to
--   charge   outside           wallet
--   hold     wallet            escrow
--   decline  nothing moves; reason is the cause
--   payout   escrow            wallet
--   refund   escrow            wallet
CREATE TABLE ledger (
  id             uuid CONSTRAINT ledger_pkey PRIMARY KEY,
  seq            bigint GENERATED ALWAYS AS IDENTITY,
  kind           text NOT NULL CONSTRAINT ledger_kind_check CHECK (kind IN ('charge', 'hold', 'decline', 'payout', 'refund')),
  user_id        uuid NOT NULL, -- no reference: a decline may name an unknown user
  mission_id     uuid,
  amount         bigint NOT NULL CONSTRAINT ledger_amount_check CHECK (amount > 0),
  balance_after  bigint NOT NULL CONSTRAINT ledger_balance_after_check CHECK (balance_after >= 0), -- of the wallet
  reason         text CONSTRAINT ledger_decline CHECK ((kind = 'decline') = (reason IS NOT NULL)),
  created_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  logged_at      timestamptz, -- when the log took a bet; null for what is not a bet
  CONSTRAINT ledger_charge CHECK ((kind = 'charge') = (mission_id IS NULL))
);
-- A statement has no declined bets. For a user with many of them the server
-- read all of them for an empty page: 104 ms for 300,000.
CREATE INDEX ledger_history ON ledger (user_id, seq DESC) WHERE kind <> 'decline';
-- The rows of the moments between a verdict and the closing of its escrow. An insert
-- pays almost nothing for a summary of each few pages.
CREATE INDEX ledger_created ON ledger USING brin (created_at) WITH (pages_per_range = 32, autosummarize = on);
-- The check of the books reads the ledger in the order it was written. Rows are only
-- ever added, so the same kind of summary finds a stretch of it.
CREATE INDEX ledger_written ON ledger USING brin (seq) WITH (pages_per_range = 32, autosummarize = on);

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
  id               uuid CONSTRAINT charges_pkey PRIMARY KEY,
  user_id          uuid NOT NULL CONSTRAINT charges_user_id_fkey REFERENCES users,
  idempotency_key  text NOT NULL,
  request_hash     bytea NOT NULL,
  amount           bigint NOT NULL CONSTRAINT charges_amount_check CHECK (amount > 0),
  status           text NOT NULL DEFAULT 'pending'
                     CONSTRAINT charges_status_check CHECK (status IN ('pending', 'succeeded', 'declined')),
  created_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
  resolved_at      timestamptz,
  lookups          integer NOT NULL DEFAULT 0,
  next_lookup_at   timestamptz NOT NULL DEFAULT clock_timestamp(), -- when the sweep looks it up (again)
  CONSTRAINT charges_user_id_idempotency_key_key UNIQUE (user_id, idempotency_key)
);
CREATE INDEX charges_pending ON charges (next_lookup_at) WHERE status = 'pending';

-- +goose Down
DROP TABLE charges;
DROP VIEW postings;
DROP TABLE ledger, standings, contributions, escrows, wallets;
DROP FUNCTION refuse_change();
