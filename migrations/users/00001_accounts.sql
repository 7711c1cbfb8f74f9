-- The users: their profile, a streamer's terms, and whether they are leaving.

-- +goose Up
CREATE TABLE users (
  id             uuid CONSTRAINT users_pkey PRIMARY KEY,
  email          text NOT NULL CONSTRAINT users_email_check CHECK (email = lower(email) AND length(email) BETWEEN 3 AND 254),
  password_hash  text NOT NULL,
  display_name   text NOT NULL CONSTRAINT users_display_name_check CHECK (char_length(display_name) BETWEEN 1 AND 40),
  streamer       boolean NOT NULL DEFAULT false,
  locale         text NOT NULL DEFAULT 'ko' CONSTRAINT users_locale_check CHECK (locale IN ('ko', 'en')),
  auto_accept    boolean NOT NULL DEFAULT true,
  min_stake      bigint NOT NULL DEFAULT 100,
  max_stake      bigint NOT NULL DEFAULT 1000000,
  acceptance_seconds integer NOT NULL DEFAULT 86400
    CONSTRAINT users_acceptance_seconds_check CHECK (acceptance_seconds BETWEEN 1 AND 604800),
  created_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- Raised whenever all sign-ins of the user end. An access token carries its
  -- generation, and is valid in no other.
  generation     bigint NOT NULL DEFAULT 0,
  -- A user who is leaving gets no new missions while the API looks for open ones.
  leaving_at     timestamptz,
  -- Users may leave. Their row stays without personal data, because the ledger
  -- and the rankings refer to it. The API empties it.
  left_at        timestamptz,
  CONSTRAINT users_stakes CHECK (100 <= min_stake AND min_stake <= max_stake AND max_stake <= 1000000)
);
CREATE UNIQUE INDEX users_email ON users (email);
CREATE INDEX users_streamers ON users (id) WHERE streamer;

-- +goose Down
DROP TABLE users;
