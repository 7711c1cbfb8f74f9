package usersdb

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"example.com/missionpot/internal/ledger"
	"example.com/missionpot/internal/letter"
)

// mailDue is a row of the mails table before it is written.
type mailDue struct {
	user   uuid.UUID
	role   letter.Role
	amount ledger.Won
}

// contributorMails are the mails of one chunk of contributors. The creator is a
// contributor too, and gets one mail, as the creator.
func contributorMails(e escrowRow, chunk []contribution) []mailDue {
	due := make([]mailDue, len(chunk))
	for i, c := range chunk {
		due[i] = mailDue{user: c.UserID, role: letter.Contributor, amount: c.Amount}
		if c.UserID == e.CreatorID {
			due[i].role = letter.Creator
		}
	}
	return due
}

// principalMails are the mails of the creator and the streamer. A mission that
// was never funded was never shown to its streamer, who hears nothing of it.
func principalMails(e escrowRow) []mailDue {
	due := []mailDue{{user: e.CreatorID, role: letter.Creator}}
	if e.Ending == ledger.Unfunded {
		return due
	}
	streamer := mailDue{user: e.StreamerID, role: letter.Streamer}
	if e.Ending.Pays() {
		streamer.amount = e.inflow
	}
	return append(due, streamer)
}

// queueMails writes mails down as pending, in the transaction of what they tell
// about. One that is there already stays as it is.
func queueMails(ctx context.Context, tx pgx.Tx, e escrowRow, due []mailDue) error {
	users, roles, amounts := make([]uuid.UUID, len(due)), make([]string, len(due)), make([]int64, len(due))
	for i, m := range due {
		users[i], roles[i], amounts[i] = m.user, string(m.role), int64(m.amount)
	}
	const insert = `INSERT INTO mails (mission_id, user_id, role, ending, title, amount, total)
		SELECT $1, m.user_id, m.role, $2, $3, m.amount, $4
		FROM unnest($5::uuid[], $6::text[], $7::bigint[]) AS m (user_id, role, amount)
		ON CONFLICT (mission_id, user_id) DO NOTHING`
	_, err := tx.Exec(ctx, insert, e.MissionID, string(e.Ending), e.Title, e.inflow, raw(users), roles, amounts)
	if err != nil {
		return fmt.Errorf("write %d mails down: %w", len(due), err)
	}
	return nil
}

// ClaimMails leases mails that are due, the oldest first, with the address and
// the language of the reader. A claimed mail that is not marked by the end of
// the lease is due again: then a mail may come twice, and none is lost. A mail to
// somebody who has left is done with.
func (d *DB) ClaimMails(ctx context.Context, limit int, lease time.Duration) ([]letter.Result, error) {
	const claim = `WITH due AS (
			SELECT mission_id, user_id FROM mails
			WHERE state <> 'sent' AND due_at <= clock_timestamp()
			ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED
		), claimed AS (
			UPDATE mails m SET state = CASE WHEN u.left_at IS NULL THEN 'leased' ELSE 'sent' END,
				attempts = m.attempts + 1, due_at = clock_timestamp() + $2::interval
			FROM due JOIN users u ON u.id = due.user_id
			WHERE m.mission_id = due.mission_id AND m.user_id = due.user_id
			RETURNING m.mission_id, m.user_id, u.email, u.display_name, u.locale, m.role, m.title, m.ending, m.amount, m.total, m.attempts, u.left_at
		)
		SELECT mission_id, user_id, email, display_name, locale, role, title, ending, amount, total, attempts FROM claimed WHERE left_at IS NULL`
	rows, err := d.pool.Query(ctx, claim, limit, lease)
	if err != nil {
		return nil, fmt.Errorf("claim mails: %w", err)
	}
	results, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (letter.Result, error) {
		var r letter.Result
		err := row.Scan(&r.MissionID, &r.UserID, &r.Email, &r.DisplayName, &r.Locale, &r.Role, &r.Title, &r.Ending, &r.Amount, &r.Total, &r.Attempt)
		return r, err
	})
	if err != nil {
		return nil, fmt.Errorf("claim mails: %w", err)
	}
	return results, nil
}

// MailsSent marks mails as sent, for good.
func (d *DB) MailsSent(ctx context.Context, sent []letter.Result) error {
	missions, users := make([]uuid.UUID, len(sent)), make([]uuid.UUID, len(sent))
	for i, r := range sent {
		missions[i], users[i] = r.MissionID, r.UserID
	}
	const mark = `UPDATE mails m SET state = 'sent', sent_at = clock_timestamp()
		FROM unnest($1::uuid[], $2::uuid[]) AS s (mission_id, user_id)
		WHERE m.mission_id = s.mission_id AND m.user_id = s.user_id AND m.state <> 'sent'`
	if _, err := d.pool.Exec(ctx, mark, raw(missions), raw(users)); err != nil {
		return fmt.Errorf("mark %d mails as sent: %w", len(sent), err)
	}
	return nil
}

// MailFailed gives a leased mail back, due again after a while.
func (d *DB) MailFailed(ctx context.Context, failed letter.Result, retryIn time.Duration) error {
	const release = `UPDATE mails SET state = 'pending', due_at = clock_timestamp() + $3::interval
		WHERE mission_id = $1 AND user_id = $2 AND state = 'leased'`
	if _, err := d.pool.Exec(ctx, release, failed.MissionID, failed.UserID, retryIn); err != nil {
		return fmt.Errorf("give a mail of mission %s back: %w", failed.MissionID, err)
	}
	return nil
}
