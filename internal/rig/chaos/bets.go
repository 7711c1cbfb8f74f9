package chaos

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"
)

// bet places one bet according to its client's habit.
func (d *driver) bet(ctx context.Context, b *BetFacts) {
	m := d.model.Missions[b.Mission]
	if !opened(ctx, m) || b.Habit == Rushes && !rush(ctx, m) {
		return
	}
	q := call{
		method: http.MethodPost, path: "/v1/missions/" + m.ID.String() + "/bets", user: b.User, key: uuid.NewString(),
		body: map[string]any{"amount": b.Amount},
	}
	b.Asked = true
	d.model.count(1, 0)
	switch b.Habit {
	case Quits:
		q.patience = momentTime
		a, err := d.once(ctx, q)
		b.note(a, err != nil || !a.clear(), err)
	case Twins:
		d.twins(ctx, q, b)
	case Impatient:
		q.patience = momentTime
		d.place(ctx, q, b)
	case Repeats:
		d.place(ctx, q, b)
		d.again(ctx, q, b)
	case Changes:
		d.place(ctx, q, b)
		d.change(ctx, q, b)
	default:
		d.place(ctx, q, b)
	}
	if b.Acked {
		d.model.count(0, 1)
	}
}

// rushTime is how long after the verdict was sent the last client rushes in. An instance of the API
// that has not seen the verdict logs bets for up to a second, but the escrow is closed long before.
const rushTime = 300 * time.Millisecond

// rush waits until a mission's verdict is being given. The clients come during and after it, to any
// instance of the API, so some of their bets are logged after the verdict and still held.
func rush(ctx context.Context, m *MissionFacts) bool {
	select {
	case <-ctx.Done():
		return false
	case <-m.Judging:
		return pause(ctx, rushTime)
	}
}

func (d *driver) place(ctx context.Context, q call, b *BetFacts) {
	a, unclear, err := d.insist(ctx, q)
	if err != nil {
		d.giveUp(fmt.Errorf("bet: %w", err))
	}
	b.note(a, unclear, err)
}

// twins sends the same request twice at the same time.
func (d *driver) twins(ctx context.Context, q call, b *BetFacts) {
	type result struct {
		answer
		unclear bool
		err     error
	}
	results := make(chan result, 2)
	for range 2 {
		go func() {
			a, unclear, err := d.insist(ctx, q)
			results <- result{a, unclear, err}
		}()
	}
	for range 2 {
		r := <-results
		if r.err != nil {
			d.giveUp(fmt.Errorf("bet: %w", r.err))
		}
		b.note(r.answer, r.unclear, r.err)
	}
	// The refused twin may have been the slower one.
	b.Unclear = b.Unclear || b.Refused != ""
}

// again repeats a request that already has an answer.
func (d *driver) again(ctx context.Context, q call, b *BetFacts) {
	if !pause(ctx, 2*time.Second) {
		return
	}
	a, unclear, err := d.insist(ctx, q)
	if b.Acked && err == nil && !a.ok() {
		b.Forgotten = true
	}
	b.note(a, unclear, err)
}

// change sends another amount under a key that already has a bet.
func (d *driver) change(ctx context.Context, q call, b *BetFacts) {
	if !b.Acked {
		return
	}
	q.body = map[string]any{"amount": b.Amount + 100}
	if a, _, err := d.insist(ctx, q); err == nil && a.ok() {
		b.KeyTaken = true
	}
}

// note records the result of a request about a bet.
func (b *BetFacts) note(a answer, unclear bool, err error) {
	b.Unclear = b.Unclear || unclear
	switch {
	case err != nil || !a.clear():
	case a.ok():
		id, err := idOf(a)
		if err != nil {
			b.Unclear = true
			return
		}
		b.Acked, b.IDs = true, learn(b.IDs, id)
	default:
		b.Refused = a.code()
	}
}
