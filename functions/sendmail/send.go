package sendmail

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"example.com/missionpot/internal/core/mailtext"
)

// How long a mail waits before it is tried again, doubling with every attempt.
// A refused mail is kept as well: the address can be corrected, and an
// operator can see it waiting.
const (
	firstRetry   = 30 * time.Second
	longestRetry = time.Hour
	firstRefused = 6 * time.Hour
	longRefused  = 48 * time.Hour
)

// sendAll sends claimed mails, all results of a reader in one mail, and returns
// how many mails were sent. An error means that the outcome of at least one is
// not recorded.
func (s *Step) sendAll(ctx context.Context, due []mailtext.Result) (sent int64, err error) {
	var all errgroup.Group
	all.SetLimit(parallel)
	var count atomic.Int64
	for _, results := range byReader(due) {
		all.Go(func() error {
			err := s.sender.Send(ctx, mailtext.Write(results[0], results[1:]...))
			s.metrics.attempted(ctx, err)
			if err != nil {
				return s.failed(ctx, results, err)
			}
			count.Add(1)
			return s.sent(ctx, results)
		})
	}
	err = all.Wait()
	return count.Load(), err
}

// byReader groups results that are sorted by reader.
func byReader(due []mailtext.Result) [][]mailtext.Result {
	var groups [][]mailtext.Result
	for len(due) > 0 {
		n := 1
		for n < len(due) && due[n].UserID == due[0].UserID {
			n++
		}
		groups, due = append(groups, due[:n]), due[n:]
	}
	return groups
}

// sent marks one mail together with those that were sent at the same time. It
// does so even when the time is up: only the mark keeps the mail from being
// sent again.
func (s *Step) sent(ctx context.Context, results []mailtext.Result) error {
	_, err := s.marks.Do(context.WithoutCancel(ctx), results)
	return err
}

func (s *Step) mark(ctx context.Context, sent [][]mailtext.Result) ([]struct{}, error) {
	return make([]struct{}, len(sent)), s.ledger.MailsSent(ctx, slices.Concat(sent...), s.options.Pause)
}

// failed gives the results of one mail back.
func (s *Step) failed(ctx context.Context, results []mailtext.Result, cause error) error {
	attempt := 0
	for _, r := range results {
		attempt = max(attempt, r.Attempt)
	}
	wait := retryIn(attempt, cause)
	level := slog.LevelWarn
	if errors.Is(cause, mailtext.ErrRefused) {
		level = slog.LevelError
	}
	slog.Log(ctx, level, "mail not sent", "error", cause, "mission_id", results[0].MissionID, "user_id", results[0].UserID,
		"results", len(results), "attempt", attempt, "retry_seconds", wait.Seconds())
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), markTime)
	defer cancel()
	return s.ledger.MailsFailed(ctx, results, wait)
}

// retryIn is how long a mail waits after its nth attempt, counted from 1.
func retryIn(attempt int, cause error) time.Duration {
	wait, longest := firstRetry, longestRetry
	if errors.Is(cause, mailtext.ErrRefused) {
		wait, longest = firstRefused, longRefused
	}
	for range attempt - 1 {
		if wait >= longest {
			break
		}
		wait *= 2
	}
	return min(wait, longest)
}
