-- How users sign in and stay signed in: refresh tokens, budgets for tries, codes
-- for a forgotten password, and second factors.

-- +goose Up

-- A family is one sign-in. Each refresh replaces the family's token; a token
-- that is used a second time was stolen or replayed, and its family ends. For a
-- short time a token can be used again, in case its answer was lost.
CREATE TABLE refresh_families (
  id          uuid CONSTRAINT refresh_families_pkey PRIMARY KEY,
  user_id     uuid NOT NULL CONSTRAINT refresh_families_user_id_fkey REFERENCES users,
  created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  revoked_at  timestamptz
);
CREATE INDEX refresh_families_user ON refresh_families (user_id);

CREATE TABLE refresh_tokens (
  hash        bytea CONSTRAINT refresh_tokens_pkey PRIMARY KEY
    CONSTRAINT refresh_tokens_hash_check CHECK (length(hash) = 32), -- SHA-256; the token itself is never stored
  family_id   uuid NOT NULL CONSTRAINT refresh_tokens_family_id_fkey REFERENCES refresh_families ON DELETE CASCADE,
  expires_at  timestamptz NOT NULL,
  used_at     timestamptz,
  -- The token that replaced this one: its hash, and its text, sealed with this
  -- token's own text as the key. It can't be opened with what is in the database.
  successor   bytea CONSTRAINT refresh_tokens_successor_check CHECK (length(successor) = 32),
  sealed      bytea
);
CREATE INDEX refresh_tokens_family ON refresh_tokens (family_id);

-- What is left of the tries to sign in, by account, by address and by both. One
-- row per budget in use. It is full again at full_at, and each try moves that
-- time forward. The key is a keyed hash (HMAC-SHA-256) made outside the
-- database: a row reveals neither the account nor the address.
-- The API deletes rows that are no longer needed.
CREATE TABLE login_budgets (
  key          bytea CONSTRAINT login_budgets_pkey PRIMARY KEY CONSTRAINT login_budgets_key_check CHECK (length(key) = 32),
  full_at      timestamptz NOT NULL,
  known_until  timestamptz, -- the account was signed in to from this address
  kept_until   timestamptz GENERATED ALWAYS AS (greatest(full_at, known_until)) STORED
) WITH (fillfactor = 70);
CREATE INDEX login_budgets_kept ON login_budgets (kept_until);

-- A mailed code for a user who has forgotten the password. One row per user who
-- asked. The step that sends the mail makes the code, so that the code is only in
-- the mail. The API deletes a row when its code is used or its user leaves, and
-- rows older than a day when another user asks.
CREATE TABLE password_resets (
  user_id    uuid CONSTRAINT password_resets_pkey PRIMARY KEY CONSTRAINT password_resets_user_id_fkey REFERENCES users,
  asked_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  state      text NOT NULL DEFAULT 'pending' CONSTRAINT password_resets_state_check CHECK (state IN ('pending', 'leased', 'sent')),
  attempts   integer NOT NULL DEFAULT 0,
  due_at     timestamptz NOT NULL DEFAULT clock_timestamp(), -- next try, or the end of the lease
  hash       bytea CONSTRAINT password_resets_hash_key UNIQUE
    CONSTRAINT password_resets_hash_check CHECK (length(hash) = 32), -- SHA-256 of the newest code; null before the first
  lapses_at  timestamptz,
  CONSTRAINT password_resets_lapse CHECK ((hash IS NULL) = (lapses_at IS NULL))
) WITH (fillfactor = 70);
CREATE INDEX password_resets_due ON password_resets (due_at) WHERE state <> 'sent';
CREATE INDEX password_resets_asked ON password_resets (asked_at);

-- An optional second factor: an app that makes codes (TOTP, RFC 6238). The
-- secret must be there to check a code, so it can't be a hash. Only the API may
-- read it, as NIST SP 800-63B-4, 3.1.4.2, asks.
CREATE TABLE second_factors (
  user_id       uuid CONSTRAINT second_factors_pkey PRIMARY KEY CONSTRAINT second_factors_user_id_fkey REFERENCES users,
  secret        bytea NOT NULL CONSTRAINT second_factors_secret_check CHECK (length(secret) = 20),
  begun_at      timestamptz NOT NULL DEFAULT clock_timestamp(), -- it expires unless it is confirmed soon
  confirmed_at  timestamptz,               -- null until it is confirmed with a code; from then on it is required
  last_step     bigint NOT NULL DEFAULT 0  -- the step of the newest accepted code; it and older ones are not accepted again
);

-- Recovery codes: each lets a user who has lost the app sign in once.
CREATE TABLE recovery_codes (
  hash     bytea CONSTRAINT recovery_codes_pkey PRIMARY KEY
    CONSTRAINT recovery_codes_hash_check CHECK (length(hash) = 32), -- SHA-256; the code itself is never stored
  user_id  uuid NOT NULL CONSTRAINT recovery_codes_user_id_fkey REFERENCES second_factors ON DELETE CASCADE
);
CREATE INDEX recovery_codes_user ON recovery_codes (user_id);

-- +goose Down
DROP TABLE recovery_codes, second_factors, password_resets, login_budgets, refresh_tokens, refresh_families;
