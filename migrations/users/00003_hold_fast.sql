-- The fast path of the group commit: one call, one round trip, one commit for a
-- whole batch in which every bet is new and covered. usersdb/hold_fast.go
-- prepares the arrays and explains why it is correct. A batch that does not fit
-- raises MP001, is rolled back, and is decided bet by bet instead.

-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION hold_fast(
  -- the bets, sorted by user and arrival; b_user and b_mission are places in the arrays below, from 1
  b_id uuid[], b_user integer[], b_mission integer[], b_amount bigint[],
  b_later bigint[],                                  -- what the same user's later bets of this batch come to
  u_id uuid[], u_sum bigint[],                       -- the users, sorted, with the sum of their bets
  c_mission uuid[], c_user uuid[], c_sum bigint[],   -- the contributions, sorted by mission and user
  m_id uuid[], m_sum bigint[]                        -- the missions, sorted, with the sum of their bets
) RETURNS TABLE (mission_id uuid, inflow bigint, contributors integer, version bigint)
LANGUAGE plpgsql
-- A plan made while the tables were small would be kept for ever. Every access
-- here is by primary key, so the plan is pinned to nested index look-ups.
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
  cash_after bigint[];
  newcomers integer[];
  done bigint;
BEGIN
  WITH paid AS (
    UPDATE wallets w SET cash = w.cash - u.amount
    FROM unnest(u_id, u_sum) WITH ORDINALITY AS u (id, amount, place)
    WHERE w.user_id = u.id AND w.cash >= u.amount
    RETURNING u.place, w.cash
  )
  SELECT array_agg(cash ORDER BY place) INTO cash_after FROM paid;
  IF cash_after IS NULL OR cardinality(cash_after) <> cardinality(u_id) THEN
    RAISE EXCEPTION 'a wallet does not cover its bets' USING ERRCODE = 'MP001';
  END IF;

  INSERT INTO ledger (id, kind, user_id, mission_id, amount, balance_after)
  SELECT b.id, 'hold', u_id[b.u], m_id[b.m], b.amount, cash_after[b.u] + b.later
  FROM unnest(b_id, b_user, b_mission, b_amount, b_later) AS b (id, u, m, amount, later)
  ON CONFLICT (id) DO NOTHING;
  GET DIAGNOSTICS done = ROW_COUNT;
  IF done <> cardinality(b_id) THEN
    RAISE EXCEPTION 'a bet was decided before' USING ERRCODE = 'MP001';
  END IF;

  WITH put AS (
    INSERT INTO contributions AS c (mission_id, user_id, amount)
    SELECT * FROM unnest(c_mission, c_user, c_sum)
    ON CONFLICT (mission_id, user_id) DO UPDATE SET amount = c.amount + excluded.amount
    RETURNING c.mission_id, (xmax = 0)::integer AS fresh
  ), per_mission AS (
    SELECT mission_id, sum(fresh)::integer AS fresh FROM put GROUP BY mission_id
  )
  SELECT array_agg(fresh ORDER BY mission_id) INTO newcomers FROM per_mission;

  -- The hot row last: its lock is held for the length of a commit and no more.
  RETURN QUERY
    UPDATE escrows e SET inflow = e.inflow + m.amount, contributors = e.contributors + newcomers[m.place],
      version = e.version + 1, changed_at = clock_timestamp()
    FROM unnest(m_id, m_sum) WITH ORDINALITY AS m (id, amount, place)
    WHERE e.mission_id = m.id AND e.state = 'open'
    RETURNING e.mission_id, e.inflow, e.contributors, e.version;
  GET DIAGNOSTICS done = ROW_COUNT;
  IF done <> cardinality(m_id) THEN
    RAISE EXCEPTION 'an escrow is not open' USING ERRCODE = 'MP001';
  END IF;
END $$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION hold_fast;
