package betlog

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/core/ledger"
)

const (
	// createTimeout bounds the write. It is far above Firestore's usual 20–60 ms
	// and below what a client waits for an answer.
	createTimeout = 5 * time.Second
	// confirmTimeout bounds the read that finds out whether an unclear write happened.
	confirmTimeout = 3 * time.Second
	// retryAfter is the Retry-After of an answer when the log can't be reached.
	retryAfter = 2 * time.Second
)

// Append logs a bet, once for its kind, user, mission and key. The entry's
// Bet.ID, Bet.Stake and Bet.LoggedAt are ignored: the log gives the id, the kind
// says whether it is a stake, and the time is Firestore's own.
//
// It returns the bet as logged and whether this call is known to have logged it.
// For a known key it returns the first call's bet, or fault.IdempotencyReused if
// the request's hash differs. If it is not known whether the write happened, a
// read finds out. If that fails too, or finds nothing, the error is
// fault.Unavailable, and the same call later continues where this one stopped.
func (l *Log) Append(ctx context.Context, e ledger.LogEntry) (b ledger.Bet, first bool, err error) {
	r := newRecord(e)
	ref := l.of(e.Bet.MissionID).Doc(r.BetID)
	create, cancel := context.WithTimeout(ctx, createTimeout)
	defer cancel()
	result, err := ref.Create(create, r)
	switch {
	case err == nil:
		b, err := r.bet(result.UpdateTime)
		return b, true, err
	case !mayHaveHappened(err):
		return ledger.Bet{}, false, fmt.Errorf("log a bet on mission %s: %w", e.Bet.MissionID, err)
	}
	// The caller's time may be up, but the entry may exist, so look for it.
	read, cancel := context.WithTimeout(context.WithoutCancel(ctx), confirmTimeout)
	defer cancel()
	stored, at, ok, readErr := l.read(read, ref)
	switch {
	case readErr != nil:
		return ledger.Bet{}, false, fault.Unavailable.After(retryAfter).Wrap(readErr)
	case !ok:
		return ledger.Bet{}, false, fault.Unavailable.After(retryAfter).Wrap(err)
	case !stored.answers(e):
		return ledger.Bet{}, false, fault.IdempotencyReused
	}
	b, err = stored.bet(at)
	return b, false, err
}

// mayHaveHappened reports whether a document may be there after Create failed:
// it was there before, or the answer was lost.
func mayHaveHappened(err error) bool {
	switch status.Code(err) {
	case codes.AlreadyExists, codes.DeadlineExceeded, codes.Unavailable, codes.Canceled,
		codes.Unknown, codes.Internal, codes.Aborted, codes.ResourceExhausted:
		return true
	}
	return false
}
