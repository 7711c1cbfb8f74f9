package peopledb

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"example.com/missionpot/internal/core/mailtext"
)

// mailLock is the advisory lock for claiming mails. With one claim at a time
// the results of one reader are never divided among instances.
const mailLock = 4_120

// postponed is how long a mail waits while another one to the same reader is
// being sent.
const postponed = 2 * time.Second

// ClaimMails leases mails that are due, the oldest first, with the address and
// the language of the reader. Those of one reader are next to each other. A
// claimed mail that is not marked by the end of the lease is due again: then it
// may be sent twice, but none is lost. A mail to a user who has left is marked
// as sent. A reader who has just got a mail, or is getting one, has to wait:
// their mails are due together at the end of the pause.
func (db *DB) ClaimMails(ctx context.Context, limit int, lease time.Duration) ([]mailtext.Result, error) {
	for {
		var results []mailtext.Result
		var touched int
		err := db.pool.InTx(ctx, func(tx pgx.Tx) (err error) {
			if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, mailLock); err != nil {
				return err
			}
			results, touched, err = claimMails(ctx, tx, limit, lease)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("claim mails: %w", err)
		}
		if len(results) > 0 || touched == 0 {
			return results, nil
		}
	}
}

// claimMails makes one round and returns the leased results, and how many mails
// were leased, postponed or marked as sent.
func claimMails(ctx context.Context, tx pgx.Tx, limit int, lease time.Duration) (leased []mailtext.Result, touched int, err error) {
	const claim = `WITH due AS (
			SELECT mission_id, user_id FROM mails
			WHERE state <> 'sent' AND due_at <= clock_timestamp()
			ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED
		), readers AS (
			SELECT u.id, u.email, u.display_name, u.locale, u.left_at IS NOT NULL AS gone,
				coalesce(p.until > clock_timestamp(), false) AS waits,
				CASE WHEN p.leased THEN clock_timestamp() + $3::interval ELSE p.until END AS until
			FROM (SELECT DISTINCT user_id FROM due) AS d
			JOIN users u ON u.id = d.user_id LEFT JOIN mail_pauses p ON p.user_id = u.id
		), pauses AS (
			INSERT INTO mail_pauses (user_id, leased, until)
			SELECT id, true, clock_timestamp() + $2::interval FROM readers WHERE NOT gone AND NOT waits
			ON CONFLICT (user_id) DO UPDATE SET leased = true, until = excluded.until
		), touched AS (
			UPDATE mails m SET
				state = CASE WHEN r.gone THEN 'sent' WHEN r.waits THEN 'pending' ELSE 'leased' END,
				attempts = m.attempts + CASE WHEN r.gone OR r.waits THEN 0 ELSE 1 END,
				due_at = CASE WHEN r.waits THEN r.until ELSE clock_timestamp() + $2::interval END
			FROM due JOIN readers r ON r.id = due.user_id
			WHERE m.mission_id = due.mission_id AND m.user_id = due.user_id
			RETURNING m.state, m.mission_id, m.user_id, r.email, r.display_name, r.locale, m.role, m.title, m.ending, m.amount, m.late, m.total, m.attempts
		)
		SELECT * FROM touched ORDER BY user_id, mission_id`
	rows, _ := tx.Query(ctx, claim, limit, lease, postponed)
	var r mailtext.Result
	var state string
	_, err = pgx.ForEachRow(rows, []any{&state, &r.MissionID, &r.UserID, &r.Email, &r.DisplayName, &r.Locale,
		&r.Role, &r.Title, &r.Ending, &r.Amount, &r.Late, &r.Pot, &r.Attempt}, func() error {
		touched++
		if state == "leased" {
			leased = append(leased, r)
		}
		return nil
	})
	return leased, touched, err
}

// MailsSent marks mails as sent. Their readers get the next one after the pause.
func (db *DB) MailsSent(ctx context.Context, sent []mailtext.Result, pause time.Duration) error {
	const mark = `WITH sent AS (
			SELECT * FROM unnest($1::uuid[], $2::uuid[]) AS s (mission_id, user_id)
		), pauses AS (
			INSERT INTO mail_pauses (user_id, leased, until)
			SELECT user_id, false, clock_timestamp() + $3::interval FROM sent GROUP BY user_id ORDER BY user_id
			ON CONFLICT (user_id) DO UPDATE SET leased = false, until = excluded.until
		)
		UPDATE mails m SET state = 'sent', sent_at = clock_timestamp() FROM sent s
		WHERE m.mission_id = s.mission_id AND m.user_id = s.user_id AND m.state <> 'sent'`
	missions, users := mailIDs(sent)
	if _, err := db.pool.Exec(ctx, mark, missions, users, pause); err != nil {
		return fmt.Errorf("mark %d mails as sent: %w", len(sent), err)
	}
	return nil
}

// MailsFailed returns the leased mails of one reader, due again after a while.
// Other mails to that reader may be sent before.
func (db *DB) MailsFailed(ctx context.Context, failed []mailtext.Result, retryIn time.Duration) error {
	const release = `WITH failed AS (
			SELECT * FROM unnest($1::uuid[], $2::uuid[]) AS f (mission_id, user_id)
		), pauses AS (
			UPDATE mail_pauses SET leased = false, until = clock_timestamp() WHERE user_id IN (SELECT user_id FROM failed)
		)
		UPDATE mails m SET state = 'pending', due_at = clock_timestamp() + $3::interval FROM failed f
		WHERE m.mission_id = f.mission_id AND m.user_id = f.user_id AND m.state = 'leased'`
	missions, users := mailIDs(failed)
	if _, err := db.pool.Exec(ctx, release, missions, users, retryIn); err != nil {
		return fmt.Errorf("return %d mails: %w", len(failed), err)
	}
	return nil
}

func mailIDs(results []mailtext.Result) (missions, users [][16]byte) {
	for _, r := range results {
		missions, users = append(missions, r.MissionID), append(users, r.UserID)
	}
	return missions, users
}
