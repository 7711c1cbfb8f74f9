package settlemission_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"example.com/missionpot/functions/settlemission"
	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/rig/storetest"
)

var errDown = errors.New("down")

// fixture is a mission with a stake of 500 and bets of 300 and 200 on it.
type fixture struct {
	storetest.Users
	mission, creator, streamer uuid.UUID
	fans                       []uuid.UUID
}

func newFixture(t *testing.T) fixture {
	t.Helper()
	l := storetest.NewUsers(t)
	f := fixture{Users: l, creator: l.User(500), streamer: l.User(0), fans: []uuid.UUID{l.User(300), l.User(1000)}}
	f.mission = l.Mission(f.creator, 500)
	_, err := l.Hold(t.Context(), []ledger.Bet{storetest.Bet(f.mission, f.fans[0], 300), storetest.Bet(f.mission, f.fans[1], 200)})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func (f fixture) verdict(e ledger.Ending) event.VerdictGiven {
	return event.VerdictGiven{
		MissionID: f.mission, Ending: e, StreamerID: f.streamer, CreatorID: f.creator, Title: "no-hit boss", DecidedAt: time.Now().UTC(),
	}
}

func (f fixture) checkCash(t *testing.T, creator, first, second, streamer ledger.Won) {
	t.Helper()
	want := []ledger.Won{creator, first, second, streamer}
	got := []ledger.Won{f.Cash(f.creator), f.Cash(f.fans[0]), f.Cash(f.fans[1]), f.Cash(f.streamer)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("wallets of creator, fans and streamer (-want +got):\n%s", diff)
	}
	if left := f.Figure(`SELECT inflow - outflow FROM escrows WHERE mission_id = $1`, f.mission); left != 0 {
		t.Errorf("%d won are left in the escrow of a settled mission", left)
	}
}

func TestSuccessPaysTheWholePotToTheStreamer(t *testing.T) {
	t.Parallel()
	f, bus := newFixture(t), &storetest.Bus{}
	if err := settlemission.New(f, bus).Handle(t.Context(), f.verdict(ledger.Succeeded)); err != nil {
		t.Fatal(err)
	}
	f.checkCash(t, 0, 0, 800, 1000)
	want := []event.MissionSettled{{MissionID: f.mission, Ending: ledger.Succeeded, Pot: 1000, Contributors: 3, Version: 2, Paid: 1000}}
	if diff := cmp.Diff(want, storetest.Published[event.MissionSettled](bus), cmpopts.IgnoreFields(event.MissionSettled{}, "SettledAt")); diff != "" {
		t.Errorf("published (-want +got):\n%s", diff)
	}
}

func TestAnyOtherEndingGivesEveryoneTheirCashBack(t *testing.T) {
	t.Parallel()
	for _, ending := range []ledger.Ending{ledger.Failed, ledger.Expired, ledger.Rejected, ledger.Unfunded, ledger.Withdrawn} {
		t.Run(string(ending), func(t *testing.T) {
			t.Parallel()
			f, bus := newFixture(t), &storetest.Bus{}
			if err := settlemission.New(f, bus).Handle(t.Context(), f.verdict(ending)); err != nil {
				t.Fatal(err)
			}
			f.checkCash(t, 500, 300, 1000, 0)
			if published := storetest.Published[event.MissionSettled](bus); len(published) != 1 || published[0].Refunded != 1000 || published[0].Ending != ending {
				t.Errorf("published %+v, want one settlement as %s with 1000 refunded", published, ending)
			}
		})
	}
}

func TestRule7TheStoredVerdictCountsNotTheMessages(t *testing.T) {
	t.Parallel()
	f, bus := newFixture(t), &storetest.Bus{}
	step := settlemission.New(f, bus)
	for _, ending := range []ledger.Ending{ledger.Failed, ledger.Succeeded, ledger.Expired} {
		if err := step.Handle(t.Context(), f.verdict(ending)); err != nil {
			t.Fatal(err)
		}
	}
	f.checkCash(t, 500, 300, 1000, 0)
	published := storetest.Published[event.MissionSettled](bus)
	if len(published) != 3 {
		t.Fatalf("published %d times, want at every delivery", len(published))
	}
	for _, again := range published[1:] {
		if diff := cmp.Diff(published[0], again); diff != "" {
			t.Errorf("a later delivery published something else (-first +later):\n%s", diff)
		}
	}
}

func TestRule8AVerdictWithoutAnEscrowLeavesAClosedOne(t *testing.T) {
	t.Parallel()
	f, bus := newFixture(t), &storetest.Bus{}
	f.mission = uuid.Must(uuid.NewV7())
	if err := settlemission.New(f, bus).Handle(t.Context(), f.verdict(ledger.Unfunded)); err != nil {
		t.Fatal(err)
	}
	stake := storetest.Bet(f.mission, f.fans[1], 100)
	stake.Stake = true
	rulings, err := f.Hold(t.Context(), []ledger.Bet{stake})
	if err != nil || rulings[0].Reason != ledger.MissionClosed {
		t.Errorf("a stake after the verdict is %+v, %v, want declined (mission_closed)", rulings, err)
	}
}

func TestRule13AVerdictIsNotAckedBeforeTheSettlementIsPublished(t *testing.T) {
	t.Parallel()
	f, bus := newFixture(t), &storetest.Bus{}
	broken := settlemission.New(f, &storetest.Bus{Refuse: func([]event.Event) error { return errDown }})
	if err := broken.Handle(t.Context(), f.verdict(ledger.Failed)); !errors.Is(err, errDown) {
		t.Fatalf("the error is %v, want the bus's", err)
	}
	if err := settlemission.New(f, bus).Handle(t.Context(), f.verdict(ledger.Failed)); err != nil {
		t.Fatal(err)
	}
	f.checkCash(t, 500, 300, 1000, 0)
	if published := storetest.Published[event.MissionSettled](bus); len(published) != 1 {
		t.Errorf("the redelivery published %v, want the settlement", published)
	}
}

// smallChunks settles one contributor at a time, so that a small mission has
// many places to stop.
type smallChunks struct {
	storetest.Users
	chunks *int
}

func (c smallChunks) SettleChunks(ctx context.Context, mission uuid.UUID, _, atOnce int) (*ledger.Settlement, error) {
	*c.chunks++
	return c.Users.SettleChunks(ctx, mission, 1, atOnce)
}

// With less time left than a chunk may need, the step stops by itself; each
// delivery still gets at least one chunk further.
func TestRule19ASettlementStopsBetweenChunksAndGoesOnAtTheNextDelivery(t *testing.T) {
	t.Parallel()
	f, bus := newFixture(t), &storetest.Bus{}
	var chunks int
	step := settlemission.New(smallChunks{f.Users, &chunks}, bus)
	deliveries := 0
	for {
		deliveries++
		before := chunks
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		err := step.Handle(ctx, f.verdict(ledger.Failed))
		cancel()
		if chunks != before+1 {
			t.Fatalf("a delivery with little time did %d chunks, want 1", chunks-before)
		}
		if err == nil {
			break
		}
		if published := storetest.Published[event.MissionSettled](bus); len(published) != 0 {
			t.Fatalf("published %v of a mission that is not settled", published)
		}
		if deliveries > 10 {
			t.Fatalf("not settled after %d deliveries: %v", deliveries, err)
		}
	}
	if deliveries < 3 {
		t.Errorf("settled in %d deliveries; the test shows nothing", deliveries)
	}
	f.checkCash(t, 500, 300, 1000, 0)
}

func TestTheSameVerdictAtManyInstancesSettlesOnce(t *testing.T) {
	t.Parallel()
	for _, ending := range []ledger.Ending{ledger.Succeeded, ledger.Failed} {
		t.Run(string(ending), func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			var chunks [8]int
			var all errgroup.Group
			for i := range chunks {
				all.Go(func() error {
					return settlemission.New(smallChunks{f.Users, &chunks[i]}, &storetest.Bus{}).Handle(t.Context(), f.verdict(ending))
				})
			}
			if err := all.Wait(); err != nil {
				t.Fatal(err)
			}
			if ending.Pays() {
				f.checkCash(t, 0, 0, 800, 1000)
			} else {
				f.checkCash(t, 500, 300, 1000, 0)
			}
		})
	}
}

func TestAnotherStepsEventIsMalformed(t *testing.T) {
	t.Parallel()
	err := settlemission.New(nil, nil).Handle(t.Context(), event.Tick{})
	if !errors.Is(err, event.ErrMalformed) {
		t.Errorf("the error is %v, want malformed", err)
	}
}
