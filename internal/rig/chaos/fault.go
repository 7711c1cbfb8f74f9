package chaos

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Kind is a kind of fault.
type Kind string

// The kinds. Differing clocks are not among them: the clocks differ during the whole run.
const (
	KillAPI       Kind = "kill an API"
	KillFunctions Kind = "kill functions"
	KillMidBatch  Kind = "kill functions in the middle of a batch"
	KillUsers     Kind = "kill Postgres (users)"
	KillMissions  Kind = "kill Postgres (missions)"
	FillDisk      Kind = "fill a Postgres server's disk"
	CutLink       Kind = "cut"
	DelayLink     Kind = "delay"
	ThrottleLink  Kind = "throttle"
	SwallowLink   Kind = "swallow what is sent on"
	RepeatPushes  Kind = "repeat, reorder and delay pushes"
	RefusePushes  Kind = "functions answer 500"
	LosePushes    Kind = "answers of functions get lost"
	HangPushes    Kind = "functions hang"
)

// kinds lists every kind.
var kinds = []Kind{
	KillAPI, KillFunctions, KillMidBatch, KillUsers, KillMissions, FillDisk,
	CutLink, DelayLink, ThrottleLink, SwallowLink, RepeatPushes, RefusePushes, LosePushes, HangPushes,
}

// lasting reports whether the fault lasts until it is repaired. A kill is over at once.
func (k Kind) lasting() bool {
	switch k {
	case KillAPI, KillFunctions, KillMidBatch, KillUsers, KillMissions:
		return false
	}
	return true
}

// Fault is one fault of a timetable.
type Fault struct {
	At       time.Duration // after the drive began
	Kind     Kind
	Instance int           // which of a program's instances, for kills
	Link     string        // for faults of a link
	Lasts    time.Duration // zero for a kill
}

// String describes the fault in one line.
func (f Fault) String() string {
	switch {
	case f.Link != "" && f.Kind.lasting():
		return fmt.Sprintf("%s %s for %s", f.Kind, f.Link, f.Lasts.Round(100*time.Millisecond))
	case f.Kind.lasting():
		return fmt.Sprintf("%s for %s", f.Kind, f.Lasts.Round(100*time.Millisecond))
	}
	return string(f.Kind)
}

// errNotHere means that this machine can't have the fault.
var errNotHere = errors.New("not possible on this machine")

// nothingToRepair is what kills return: the stand's keepers restart what was killed.
func nothingToRepair() error { return nil }

// strike starts the fault and returns the function that ends it.
func (s *system) strike(ctx context.Context, f Fault) (repair func() error, err error) {
	switch f.Kind {
	case KillAPI:
		s.kill(s.apis[f.Instance])
	case KillFunctions:
		s.kill(s.functions[f.Instance])
	case KillMidBatch:
		return nothingToRepair, s.killMidBatch(ctx, f.Instance)
	case KillUsers:
		s.users.kill()
	case KillMissions:
		s.missions.kill()
	case FillDisk:
		if s.disk == nil {
			return nil, errNotHere
		}
		return s.disk.fill()
	case CutLink:
		return s.links[f.Link].cut(), nil
	case DelayLink:
		return s.links[f.Link].delay(lateBy)
	case ThrottleLink:
		return s.links[f.Link].throttle(throughPut)
	case SwallowLink:
		return s.links[f.Link].swallow()
	case RepeatPushes:
		return s.deliveries.suffer(trouble{repeat: 0.5, delay: 0.8, hold: 3 * time.Second}), nil
	case RefusePushes:
		return s.deliveries.suffer(trouble{repeat: usual.repeat, refuse: 0.7}), nil
	case LosePushes:
		return s.deliveries.suffer(trouble{repeat: usual.repeat, lose: 0.7}), nil
	case HangPushes:
		return s.deliveries.suffer(trouble{repeat: usual.repeat, hang: 0.6}), nil
	}
	return nothingToRepair, nil
}

const (
	lateBy     = 150 // milliseconds on a link, plus or minus as many
	throughPut = 24  // kilobytes a second on a link
	// batchWait is how long to wait for a batch that is inside its transaction. After that the kill
	// happens in any case.
	batchWait = 3 * time.Second
	// midBatchLink is the link that is slowed down for this fault.
	midBatchLink = "functions-users"
)

// killMidBatch kills an instance while the users server is in the middle of a batch. A delay on the
// link makes the transaction longer.
func (s *system) killMidBatch(ctx context.Context, instance int) error {
	repair, err := s.links[midBatchLink].delay(lateBy)
	if err != nil {
		return err
	}
	seen := s.awaitBatch(ctx)
	s.kill(s.functions[instance])
	s.mu.Lock()
	if seen {
		s.midBatch++
	}
	s.mu.Unlock()
	return repair()
}

// awaitBatch waits until a transaction of the hold step is in progress. A server that is down has
// none.
func (s *system) awaitBatch(ctx context.Context) (seen bool) {
	ctx, cancel := context.WithTimeout(ctx, batchWait)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.users.postgres().DSN(databaseName))
	if err != nil {
		return false
	}
	defer conn.Close(context.WithoutCancel(ctx))
	const busy = `SELECT EXISTS (SELECT FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid()
		AND state = 'active' AND query LIKE '%hold_batch(%')`
	for !seen && ctx.Err() == nil {
		if err := conn.QueryRow(ctx, busy).Scan(&seen); err != nil {
			return false
		}
	}
	return seen
}
