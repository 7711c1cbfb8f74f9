package ledgerdb

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/core/mailtext"
	"example.com/missionpot/internal/store/pg"
)

// mailDue is a row of the mails table before it is written.
type mailDue struct {
	user   uuid.UUID
	role   mailtext.Role
	amount ledger.Won
	late   ledger.Won // for a mission that succeeded, what was refunded because it was late
}

// contributorMails returns the mails of one chunk of contributors. The creator
// is a contributor too, but gets only the mail of the creator.
func contributorMails(e escrowRow, chunk []contribution) []mailDue {
	due := make([]mailDue, len(chunk))
	for i, c := range chunk {
		due[i] = mailDue{user: c.UserID, role: mailtext.Contributor, amount: c.Amount - c.Late, late: c.Late}
		if c.UserID == e.CreatorID {
			due[i].role = mailtext.Creator
		}
	}
	return due
}

// principalMails returns the mails of the creator and the streamer. A mission
// that was never funded was never shown to its streamer, who gets no mail.
func principalMails(e escrowRow) []mailDue {
	due := []mailDue{{user: e.CreatorID, role: mailtext.Creator}}
	if e.Ending == ledger.Unfunded {
		return due
	}
	streamer := mailDue{user: e.StreamerID, role: mailtext.Streamer}
	if e.Ending.Pays() {
		streamer.amount = e.inflow - e.late
	}
	return append(due, streamer)
}

// queueMails records mails as pending, in the transaction that they report. A
// mail that is already there does not change.
func queueMails(ctx context.Context, tx pgx.Tx, e escrowRow, due []mailDue) error {
	users, roles := make([]uuid.UUID, len(due)), make([]string, len(due))
	amounts, lates := make([]int64, len(due)), make([]int64, len(due))
	for i, m := range due {
		users[i], roles[i], amounts[i], lates[i] = m.user, string(m.role), int64(m.amount), int64(m.late)
	}
	const insert = `INSERT INTO mails (mission_id, user_id, role, ending, title, amount, late, total)
		SELECT $1, m.user_id, m.role, $2, $3, m.amount, m.late, $4
		FROM unnest($5::uuid[], $6::text[], $7::bigint[], $8::bigint[]) AS m (user_id, role, amount, late)
		ON CONFLICT (mission_id, user_id) DO NOTHING`
	_, err := tx.Exec(ctx, insert, e.MissionID, string(e.Ending), e.Title, e.inflow-e.late, pg.IDs(users), roles, amounts, lates)
	if err != nil {
		return fmt.Errorf("record %d mails: %w", len(due), err)
	}
	return nil
}
