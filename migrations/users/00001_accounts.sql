-- The users: their profile, how they sign in, and a streamer's terms.

-- +goose Up
CREATE TABLE users (
  id             uuid PRIMARY KEY,
  email          text NOT NULL CHECK (email = lower(email) AND length(email) BETWEEN 3 AND 254),
  password_hash  text NOT NULL,
  display_name   text NOT NULL CHECK (char_length(display_name) BETWEEN 1 AND 40),
  streamer       boolean NOT NULL DEFAULT false,
  locale         text NOT NULL DEFAULT 'ko' CHECK (locale IN ('ko', 'en')),
  auto_accept    boolean NOT NULL DEFAULT true,
  min_stake      bigint NOT NULL DEFAULT 100,
  max_stake      bigint NOT NULL DEFAULT 1000000,
  acceptance_seconds integer NOT NULL DEFAULT 86400 CHECK (acceptance_seconds BETWEEN 1 AND 604800),
  created_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  CHECK (100 <= min_stake AND min_stake <= max_stake AND max_stake <= 1000000)
);
CREATE UNIQUE INDEX users_email ON users (email);
CREATE INDEX users_streamers ON users (id) WHERE streamer;

-- A family is one sign-in. Each refresh replaces the family's token; a token
-- that is used a second time was stolen or replayed, and its family ends.
CREATE TABLE refresh_families (
  id          uuid PRIMARY KEY,
  user_id     uuid NOT NULL REFERENCES users,
  created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  revoked_at  timestamptz
);
CREATE INDEX refresh_families_user ON refresh_families (user_id);

CREATE TABLE refresh_tokens (
  hash        bytea PRIMARY KEY CHECK (length(hash) = 32), -- SHA-256; the token itself is never stored
  family_id   uuid NOT NULL REFERENCES refresh_families ON DELETE CASCADE,
  expires_at  timestamptz NOT NULL,
  used_at     timestamptz
);
CREATE INDEX refresh_tokens_family ON refresh_tokens (family_id);

-- +goose Down
DROP TABLE refresh_tokens, refresh_families, users;
