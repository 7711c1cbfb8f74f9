-- When a user may get the next e-mail with results. What becomes due before
-- waits and is sent in one mail.

-- +goose Up
CREATE TABLE mail_pauses (
  user_id  uuid PRIMARY KEY REFERENCES users,
  leased   boolean NOT NULL,      -- a mail is being sent; until is the end of the lease
  until    timestamptz NOT NULL
);

-- +goose Down
DROP TABLE mail_pauses;
