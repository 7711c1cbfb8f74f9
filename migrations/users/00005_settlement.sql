-- Settlement: refunds in chunks, bets that came after the verdict, and the mails
-- with the results.

-- +goose Up

-- Bets after a mission's verdict are refunded, not paid. Instances of the API look at
-- copies of missions that are up to a second old, so they log bets on missions that
-- are decided already.
CREATE TABLE late_bets (
  mission_id  uuid NOT NULL,
  user_id     uuid NOT NULL,
  amount      bigint NOT NULL CONSTRAINT late_bets_amount_check CHECK (amount > 0), -- won
  refunded    boolean NOT NULL DEFAULT false,
  CONSTRAINT late_bets_pkey PRIMARY KEY (mission_id, user_id)
);

-- One mail per user and settled mission. Never deleted, because a deleted mail
-- would be written and sent again.
CREATE TABLE mails (
  mission_id    uuid NOT NULL,
  user_id       uuid NOT NULL,
  role          text NOT NULL CONSTRAINT mails_role_check CHECK (role IN ('contributor', 'creator', 'streamer')),
  ending        text NOT NULL,
  title         text NOT NULL,
  amount        bigint NOT NULL,  -- won: what was refunded to, paid to or contributed by this user
  total         bigint NOT NULL,  -- won: the pot
  state         text NOT NULL DEFAULT 'pending' CONSTRAINT mails_state_check CHECK (state IN ('pending', 'leased', 'sent')),
  attempts      integer NOT NULL DEFAULT 0,
  due_at        timestamptz NOT NULL DEFAULT clock_timestamp(), -- next try, or the end of the lease
  sent_at       timestamptz, -- null on a sent one: its reader left before
  late          bigint NOT NULL DEFAULT 0, -- won, refunded because it was late
  CONSTRAINT mails_pkey PRIMARY KEY (mission_id, user_id)
) WITH (fillfactor = 80);
CREATE INDEX mails_due ON mails (due_at) WHERE state <> 'sent';
CREATE TRIGGER mails_kept BEFORE DELETE OR TRUNCATE ON mails
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- When a user may get the next e-mail with results. What becomes due before
-- waits and is sent in one mail.
CREATE TABLE mail_pauses (
  user_id  uuid CONSTRAINT mail_pauses_pkey PRIMARY KEY CONSTRAINT mail_pauses_user_id_fkey REFERENCES users,
  leased   boolean NOT NULL,      -- a mail is being sent; until is the end of the lease
  until    timestamptz NOT NULL
);

-- A chunk of refunds in one call: one round trip, one commit, and several chunks of
-- one settlement at once. The caller prepares the arrays and explains why it is correct.
--
-- A chunk that begins where another one that is under way ends does all its work
-- beside it, and then waits until that one is over: progress is one place in the
-- escrow and moves forward chunk by chunk. If the one before was rolled back, so
-- is this one. A chunk that does not fit (another settler was faster, or a row of
-- it is there already) raises MP003 or a unique violation, is rolled back, and is
-- done row by row instead.
-- +goose StatementBegin
CREATE FUNCTION refund_chunk(
  mission uuid, done_through uuid,              -- the mission, and the contributor before this chunk
  behind uuid,                                  -- done_through of a chunk under way that ends there; null if there is none
  r_id uuid[], r_user uuid[], r_amount bigint[] -- the refunds, sorted by user
) RETURNS void
LANGUAGE plpgsql
-- As in hold_batch: every access is by primary key and in the users' order, so
-- the plan is pinned to nested index look-ups.
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  refunded bigint;
  total bigint;
BEGIN
  -- A chunk need not wait for the disk: the commit that finishes the settlement
  -- does, and whatever commits after a chunk takes the chunk to the disk with it.
  -- A crash in between undoes the last chunks whole, and they are done again.
  PERFORM set_config('synchronous_commit', 'off', true);
  -- The chunk behind this one waits for this lock. It is a lock of Postgres, so
  -- that its deadlock detection sees the wait.
  PERFORM pg_advisory_xact_lock(hashtextextended(mission::text || done_through::text, 0));

  -- No ON CONFLICT: it looks every id up twice. A row that is there already
  -- breaks the call, and with it the credit of its wallet.
  WITH credited AS (
    UPDATE wallets w SET cash = w.cash + r.amount
    FROM unnest(r_id, r_user, r_amount) AS r (id, user_id, amount)
    WHERE w.user_id = r.user_id
    RETURNING r.id, w.user_id, r.amount, w.cash
  ), written AS (
    INSERT INTO ledger AS l (id, kind, user_id, mission_id, amount, balance_after)
    SELECT c.id, 'refund', c.user_id, mission, c.amount, c.cash FROM credited c
    RETURNING l.user_id, l.amount
  ), mailed AS (
    INSERT INTO mails (mission_id, user_id, role, ending, title, amount, total)
    SELECT mission, w.user_id, CASE WHEN w.user_id = e.creator_id THEN 'creator' ELSE 'contributor' END,
      e.ending, coalesce(e.title, ''), w.amount, e.inflow
    FROM written w CROSS JOIN (SELECT * FROM escrows WHERE mission_id = mission) AS e
    RETURNING mails.amount
  )
  SELECT count(*), sum(amount) INTO refunded, total FROM mailed;
  IF refunded <> cardinality(r_id) THEN
    RAISE EXCEPTION 'a contributor has no wallet' USING ERRCODE = 'MP003';
  END IF;

  IF behind IS NOT NULL THEN
    PERFORM pg_advisory_xact_lock(hashtextextended(mission::text || behind::text, 0));
  END IF;
  -- The escrow last: its lock is held for the length of a commit and no more.
  UPDATE escrows e SET outflow = e.outflow + total, settled_through = r_user[cardinality(r_user)]
  WHERE e.mission_id = mission AND e.settled_through = done_through AND e.state = 'closed'
    AND e.ending <> 'succeeded' AND e.settled_at IS NULL;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'another settler was faster' USING ERRCODE = 'MP003';
  END IF;
END $$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION refund_chunk;
DROP TABLE mail_pauses, mails, late_bets;
