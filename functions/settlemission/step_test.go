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

	"example.com/missionpot/functions/internal/steptest"
	"example.com/missionpot/functions/settlemission"
	"example.com/missionpot/internal/event"
	"example.com/missionpot/internal/ledger"
)

var errDown = errors.New("down")

// stage is a mission with a stake of 500 and bets of 300 and 200 on it.
type stage struct {
	steptest.Ledger
	mission, creator, streamer uuid.UUID
	fans                       []uuid.UUID
}

func newStage(t *testing.T) stage {
	t.Helper()
	l := steptest.NewLedger(t)
	s := stage{Ledger: l, creator: l.User(500), streamer: l.User(0), fans: []uuid.UUID{l.User(300), l.User(1000)}}
	s.mission = l.Mission(s.creator, 500)
	_, err := l.Hold(t.Context(), []ledger.Bet{steptest.Bet(s.mission, s.fans[0], 300), steptest.Bet(s.mission, s.fans[1], 200)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s stage) verdict(e ledger.Ending) event.VerdictGiven {
	return event.VerdictGiven{
		MissionID: s.mission, Ending: e, StreamerID: s.streamer, CreatorID: s.creator, Title: "no-hit boss", DecidedAt: time.Now().UTC(),
	}
}

func (s stage) checkCash(t *testing.T, creator, first, second, streamer ledger.Won) {
	t.Helper()
	want := []ledger.Won{creator, first, second, streamer}
	got := []ledger.Won{s.Cash(s.creator), s.Cash(s.fans[0]), s.Cash(s.fans[1]), s.Cash(s.streamer)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("wallets of creator, fans and streamer (-want +got):\n%s", diff)
	}
	if left := s.Figure(`SELECT inflow - outflow FROM escrows WHERE mission_id = $1`, s.mission); left != 0 {
		t.Errorf("%d won are left in the escrow of a settled mission", left)
	}
}

func TestSuccessPaysTheWholePotToTheStreamer(t *testing.T) {
	t.Parallel()
	s, bus := newStage(t), &steptest.Bus{}
	if err := settlemission.New(s, bus).Handle(t.Context(), s.verdict(ledger.Succeeded)); err != nil {
		t.Fatal(err)
	}
	s.checkCash(t, 0, 0, 800, 1000)
	want := []event.MissionSettled{{MissionID: s.mission, Ending: ledger.Succeeded, Total: 1000, Contributors: 3, Version: 2, Paid: 1000}}
	if diff := cmp.Diff(want, steptest.Told[event.MissionSettled](bus), cmpopts.IgnoreFields(event.MissionSettled{}, "SettledAt")); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

func TestAnyOtherEndingGivesEveryoneTheirCashBack(t *testing.T) {
	t.Parallel()
	for _, ending := range []ledger.Ending{ledger.Failed, ledger.Expired, ledger.Rejected, ledger.Unfunded} {
		t.Run(string(ending), func(t *testing.T) {
			t.Parallel()
			s, bus := newStage(t), &steptest.Bus{}
			if err := settlemission.New(s, bus).Handle(t.Context(), s.verdict(ending)); err != nil {
				t.Fatal(err)
			}
			s.checkCash(t, 500, 300, 1000, 0)
			if told := steptest.Told[event.MissionSettled](bus); len(told) != 1 || told[0].Refunded != 1000 || told[0].Ending != ending {
				t.Errorf("told %+v, want one settlement as %s with 1000 refunded", told, ending)
			}
		})
	}
}

func TestRule7TheStoredVerdictCountsNotTheMessages(t *testing.T) {
	t.Parallel()
	s, bus := newStage(t), &steptest.Bus{}
	step := settlemission.New(s, bus)
	for _, ending := range []ledger.Ending{ledger.Failed, ledger.Succeeded, ledger.Expired} {
		if err := step.Handle(t.Context(), s.verdict(ending)); err != nil {
			t.Fatal(err)
		}
	}
	s.checkCash(t, 500, 300, 1000, 0)
	told := steptest.Told[event.MissionSettled](bus)
	if len(told) != 3 {
		t.Fatalf("told %d times, want at every delivery", len(told))
	}
	for _, again := range told[1:] {
		if diff := cmp.Diff(told[0], again); diff != "" {
			t.Errorf("a later delivery told something else (-first +later):\n%s", diff)
		}
	}
}

func TestRule8AVerdictWithoutAnEscrowShutsTheDoor(t *testing.T) {
	t.Parallel()
	s, bus := newStage(t), &steptest.Bus{}
	s.mission = uuid.Must(uuid.NewV7())
	if err := settlemission.New(s, bus).Handle(t.Context(), s.verdict(ledger.Unfunded)); err != nil {
		t.Fatal(err)
	}
	stake := steptest.Bet(s.mission, s.fans[1], 100)
	stake.Stake = true
	rulings, err := s.Hold(t.Context(), []ledger.Bet{stake})
	if err != nil || rulings[0].Reason != ledger.MissionClosed {
		t.Errorf("a stake after the verdict is %+v, %v, want declined (mission_closed)", rulings, err)
	}
}

func TestRule13AVerdictIsNotAckedBeforeTheSettlementIsTold(t *testing.T) {
	t.Parallel()
	s, bus := newStage(t), &steptest.Bus{}
	broken := settlemission.New(s, &steptest.Bus{Refuse: func([]event.Event) error { return errDown }})
	if err := broken.Handle(t.Context(), s.verdict(ledger.Failed)); !errors.Is(err, errDown) {
		t.Fatalf("the error is %v, want the bus's", err)
	}
	if err := settlemission.New(s, bus).Handle(t.Context(), s.verdict(ledger.Failed)); err != nil {
		t.Fatal(err)
	}
	s.checkCash(t, 500, 300, 1000, 0)
	if told := steptest.Told[event.MissionSettled](bus); len(told) != 1 {
		t.Errorf("the redelivery told %v, want the settlement", told)
	}
}

// smallChunks settles one contributor at a time, so that a small mission has
// many places to stop at.
type smallChunks struct {
	steptest.Ledger
	chunks *int
}

func (s smallChunks) SettleChunks(ctx context.Context, mission uuid.UUID, _, atOnce int) (*ledger.Settlement, error) {
	*s.chunks++
	return s.Ledger.SettleChunks(ctx, mission, 1, atOnce)
}

// With less time left than a chunk may need, the step stops by itself; each
// delivery still gets at least one chunk further.
func TestRule19ASettlementStopsBetweenChunksAndGoesOnAtTheNextDelivery(t *testing.T) {
	t.Parallel()
	s, bus := newStage(t), &steptest.Bus{}
	var chunks int
	step := settlemission.New(smallChunks{s.Ledger, &chunks}, bus)
	deliveries := 0
	for {
		deliveries++
		before := chunks
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		err := step.Handle(ctx, s.verdict(ledger.Failed))
		cancel()
		if chunks != before+1 {
			t.Fatalf("a delivery with little time did %d chunks, want 1", chunks-before)
		}
		if err == nil {
			break
		}
		if told := steptest.Told[event.MissionSettled](bus); len(told) != 0 {
			t.Fatalf("told %v of a mission that is not settled", told)
		}
		if deliveries > 10 {
			t.Fatalf("not settled after %d deliveries: %v", deliveries, err)
		}
	}
	if deliveries < 3 {
		t.Errorf("settled in %d deliveries; the test shows nothing", deliveries)
	}
	s.checkCash(t, 500, 300, 1000, 0)
}

func TestTheSameVerdictAtManyInstancesSettlesOnce(t *testing.T) {
	t.Parallel()
	for _, ending := range []ledger.Ending{ledger.Succeeded, ledger.Failed} {
		t.Run(string(ending), func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			var chunks [8]int
			var all errgroup.Group
			for i := range chunks {
				all.Go(func() error {
					return settlemission.New(smallChunks{s.Ledger, &chunks[i]}, &steptest.Bus{}).Handle(t.Context(), s.verdict(ending))
				})
			}
			if err := all.Wait(); err != nil {
				t.Fatal(err)
			}
			if ending.Pays() {
				s.checkCash(t, 0, 0, 800, 1000)
			} else {
				s.checkCash(t, 500, 300, 1000, 0)
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
