package api_test

import (
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/api"
	"example.com/missionpot/internal/api/edge"
	"example.com/missionpot/internal/api/people"
	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/core/mission"
)

func TestABetIsLoggedAnsweredAndHeld(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina, jun, sora := s.viewer("mina", 10_000), s.signUp("jun", true), s.viewer("sora", 5_000)
	m := s.mission(mina, jun, 1_000)
	r := s.postKeyed(betsOf(m), sora.token, object{"amount": 2_000}).want(http.StatusAccepted)
	b := read[api.Bet](r)
	if b.Status != "pending" || b.Reason != nil || b.Amount != 2_000 || b.MissionID != m.ID || time.Since(b.PlacedAt) > time.Minute {
		t.Errorf("answered %s", r.body)
	}
	path := betsOf(m) + "/" + b.ID.String()
	if got := r.header.Get("Location"); got != path {
		t.Errorf("Location is %q, want %q", got, path)
	}
	seen := read[api.Bet](s.get(path, sora.token).want(http.StatusOK))
	if seen.Status != "held" || !seen.PlacedAt.Equal(b.PlacedAt) {
		t.Errorf("the bet is %+v, want held and placed at %v", seen, b.PlacedAt)
	}
	for name, other := range map[string]string{"the creator": mina.token, "the streamer": jun.token} {
		if r := s.get(path, other); r.status != http.StatusNotFound {
			t.Errorf("%s sees somebody else's bet: %d", name, r.status)
		}
	}
	s.get("/v1/missions/"+uuid.NewString()+"/bets/"+b.ID.String(), sora.token).refused(http.StatusNotFound, "not_found")
	s.get(betsOf(m)+"/"+uuid.NewString(), sora.token).refused(http.StatusNotFound, "not_found")
	if cash := s.cash(sora); cash != (people.Cash{Available: 3_000, Held: 2_000}) {
		t.Errorf("the viewer has %+v", cash)
	}
	s.call(http.MethodPost, "/v1/missions/"+m.ID.String()+"/fail", jun.token, nil).want(http.StatusOK)
	if got := read[api.Bet](s.get(path, sora.token).want(http.StatusOK)); got.Status != "refunded" {
		t.Errorf("after the failure the bet is %s, want refunded", got.Status)
	}
}

func TestPreferWaitBringsTheOutcome(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina, jun, sora := s.viewer("mina", 10_000), s.signUp("jun", true), s.viewer("sora", 5_000)
	m := s.mission(mina, jun, 1_000)
	bet := func(key string, amount ledger.Won, prefer string) reply {
		return s.call(http.MethodPost, betsOf(m), sora.token, object{"amount": amount}, "Idempotency-Key", key, "Prefer", prefer)
	}
	r := bet("a", 1_000, "respond-async, wait=99")
	if b := read[api.Bet](r.want(http.StatusCreated)); b.Status != "held" || r.header.Get("Preference-Applied") != "wait=20" {
		t.Errorf("answered %s, Preference-Applied %q", r.body, r.header.Get("Preference-Applied"))
	}
	if b := read[api.Bet](bet("a", 1_000, "").want(http.StatusOK)); b.Status != "held" {
		t.Errorf("the repeated call says %s, want held", b.Status)
	}

	s.post.set(false, nil)
	began := time.Now()
	r = bet("b", 1_000, "wait=1").want(http.StatusAccepted)
	if took := time.Since(began); took < 900*time.Millisecond || took > 5*time.Second {
		t.Errorf("a bet that is not decided was answered after %v, want a second", took)
	}
	pending := read[api.Bet](r)
	go func() {
		time.Sleep(200 * time.Millisecond) // let the call below begin to wait
		for _, e := range s.post.events() {
			if placed, ok := e.(event.BetPlaced); ok && placed.BetID == pending.ID {
				_ = s.process(t.Context(), e)
				return
			}
		}
	}()
	if b := read[api.Bet](bet("b", 1_000, "wait=10").want(http.StatusOK)); b.Status != "held" || b.ID != pending.ID {
		t.Errorf("after the outcome: %+v", b)
	}
}

func TestADeclinedBetSaysWhy(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina, jun, sora := s.viewer("mina", 10_000), s.signUp("jun", true), s.viewer("sora", 1_000)
	m := s.mission(mina, jun, 1_000)
	s.post.set(false, nil)
	// Both look covered when they are placed; the ledger finds cash for one.
	first := read[api.Bet](s.postKeyed(betsOf(m), sora.token, object{"amount": 800}).want(http.StatusAccepted))
	second := read[api.Bet](s.postKeyed(betsOf(m), sora.token, object{"amount": 800}).want(http.StatusAccepted))
	if pending := read[api.Bet](s.get(betsOf(m)+"/"+second.ID.String(), sora.token).want(http.StatusOK)); pending != second {
		t.Errorf("an undecided bet reads %+v, want %+v as it was answered", pending, second)
	}
	s.get(betsOf(m)+"/"+second.ID.String(), mina.token).refused(http.StatusNotFound, "not_found")
	for _, e := range s.post.events() {
		s.ok(s.process(t.Context(), e))
	}
	if b := read[api.Bet](s.get(betsOf(m)+"/"+first.ID.String(), sora.token).want(http.StatusOK)); b.Status != "held" {
		t.Errorf("the first bet is %s, want held", b.Status)
	}
	b := read[api.Bet](s.get(betsOf(m)+"/"+second.ID.String(), sora.token).want(http.StatusOK))
	if b.Status != "declined" || b.Reason == nil || *b.Reason != api.Reason(ledger.InsufficientCash) {
		t.Errorf("the second bet is %+v, want declined for insufficient cash", b)
	}
}

func TestRefusesABetThatIsPlainlyNotPossible(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina, jun, sora := s.viewer("mina", 10_000), s.signUp("jun", true), s.viewer("sora", 5_000)
	s.call(http.MethodPatch, "/v1/users/me", jun.token, object{"min_stake": 500, "max_stake": 4_000}).want(http.StatusOK)
	m := s.mission(mina, jun, 1_000)
	s.postKeyed(betsOf(m), jun.token, object{"amount": 1_000}).refused(http.StatusForbidden, "own_mission")
	s.postKeyed(betsOf(m), sora.token, object{"amount": 499}).refused(http.StatusUnprocessableEntity, "invalid")
	s.postKeyed(betsOf(m), sora.token, object{"amount": 4_001}).refused(http.StatusUnprocessableEntity, "invalid")
	poor := s.viewer("poor", 600)
	p := s.postKeyed(betsOf(m), poor.token, object{"amount": 700}).refused(http.StatusPaymentRequired, "insufficient_cash")
	if p.Detail == "" {
		t.Error("the refusal does not say what is there and what it takes")
	}
	s.postKeyed("/v1/missions/"+uuid.NewString()+"/bets", sora.token, object{"amount": 700}).refused(http.StatusNotFound, "not_found")
	s.call(http.MethodPost, betsOf(m), sora.token, object{"amount": 700}).refused(http.StatusBadRequest, "idempotency_key_missing")
	s.call(http.MethodPost, "/v1/missions/"+m.ID.String()+"/success", jun.token, nil).want(http.StatusOK)
	s.postKeyed(betsOf(m), sora.token, object{"amount": 1_000}).refused(http.StatusConflict, "not_active")
}

func TestRule1AKnownKeyGetsItsFirstAnswerWhateverHasChanged(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina, jun, sora := s.viewer("mina", 10_000), s.signUp("jun", true), s.viewer("sora", 2_000)
	m := s.mission(mina, jun, 1_000)
	bet := func(amount ledger.Won) reply {
		return s.call(http.MethodPost, betsOf(m), sora.token, object{"amount": amount}, "Idempotency-Key", "k")
	}
	first := read[api.Bet](bet(2_000).want(http.StatusAccepted))
	s.call(http.MethodPost, "/v1/missions/"+m.ID.String()+"/success", jun.token, nil).want(http.StatusOK)
	// The wallet is empty and the mission is over, but the call is not new.
	again := read[api.Bet](bet(2_000).want(http.StatusOK))
	if again.ID != first.ID || again.Status != "paid" {
		t.Errorf("the repeated call gave %+v, want the bet %v, paid", again, first.ID)
	}
	bet(1_999).refused(http.StatusUnprocessableEntity, "idempotency_key_reused")
}

func TestRule1ALoggedBetIsAnsweredWhateverPublishingDid(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina, jun, sora := s.viewer("mina", 10_000), s.signUp("jun", true), s.viewer("sora", 2_000)
	m := s.mission(mina, jun, 1_000)
	s.post.set(false, errors.New("Pub/Sub is away"))
	bet := func() reply {
		return s.call(http.MethodPost, betsOf(m), sora.token, object{"amount": 500}, "Idempotency-Key", "k")
	}
	lost := read[api.Bet](bet().want(http.StatusAccepted))
	s.post.set(true, nil)
	bet().want(http.StatusAccepted) // the retry publishes what the first call could not
	if b := read[api.Bet](s.get(betsOf(m)+"/"+lost.ID.String(), sora.token).want(http.StatusOK)); b.Status != "held" {
		t.Errorf("after the retry the bet is %s, want held", b.Status)
	}
}

func TestOneKeyIsOneBetHoweverManyAskAtOnce(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina, jun, sora := s.viewer("mina", 10_000), s.signUp("jun", true), s.viewer("sora", 2_000)
	m := s.mission(mina, jun, 1_000)
	ids := make([]uuid.UUID, 8)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			r := s.call(http.MethodPost, betsOf(m), sora.token, object{"amount": 300}, "Idempotency-Key", "k", "Prefer", "wait=10")
			if r.status != http.StatusCreated && r.status != http.StatusOK {
				t.Errorf("answered %d: %s", r.status, r.body)
			}
			ids[i] = read[api.Bet](r).ID
		})
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Fatalf("one key made the bets %v and %v", ids[0], id)
		}
	}
	if cash := s.cash(sora); cash != (people.Cash{Available: 1_700, Held: 300}) {
		t.Errorf("the viewer has %+v, want one bet held", cash)
	}
}

func TestAKeyIsOneMissionsAndOnePersons(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina, jun, sora := s.viewer("mina", 10_000), s.signUp("jun", true), s.viewer("sora", 2_000)
	one, two := s.mission(mina, jun, 1_000), s.mission(mina, jun, 1_000)
	ids := map[uuid.UUID]bool{}
	for _, call := range []struct {
		by player
		on mission.Snapshot
	}{{sora, one}, {sora, two}, {mina, one}} {
		r := s.call(http.MethodPost, betsOf(call.on), call.by.token, object{"amount": 300}, "Idempotency-Key", "k")
		ids[read[api.Bet](r.want(http.StatusAccepted)).ID] = true
	}
	if len(ids) != 3 {
		t.Errorf("the key made %d bets, want 3", len(ids))
	}
}

// The mission cache is a second old; nobody may be refused for a state that has
// passed on this very instance.
func TestABetRightAfterAcceptanceIsTaken(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina, jun, sora := s.viewer("mina", 10_000), s.signUp("jun", true), s.viewer("sora", 2_000)
	s.call(http.MethodPatch, "/v1/users/me", jun.token, object{"auto_accept": false}).want(http.StatusOK)
	m := read[mission.Snapshot](s.postKeyed("/v1/missions", mina.token, draft(jun, 1_000), "Prefer", "wait=10").want(http.StatusCreated))
	s.postKeyed(betsOf(m), sora.token, object{"amount": 300}).refused(http.StatusConflict, "not_accepted") // now it is cached
	_, err := s.missions.Act(t.Context(), m.ID, jun.id, mission.Accept)                                    // on another instance
	s.ok(err)
	s.postKeyed(betsOf(m), sora.token, object{"amount": 300}).want(http.StatusAccepted)
}

func TestContributorsAreRankedWithTheirSums(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina, jun, sora := s.viewer("mina", 10_000), s.signUp("jun", true), s.viewer("sora", 9_000)
	m := s.mission(mina, jun, 1_000)
	for range 2 {
		s.postKeyed(betsOf(m), sora.token, object{"amount": 2_000}).want(http.StatusAccepted)
	}
	path := "/v1/missions/" + m.ID.String() + "/contributors"
	first := read[edge.Listed[api.Contributor]](s.get(path+"?limit=1", "").want(http.StatusOK))
	if len(first.Items) != 1 || first.Items[0] != (api.Contributor{UserID: sora.id, DisplayName: "sora", Amount: 4_000}) || first.NextCursor == nil {
		t.Fatalf("the first page is %+v", first)
	}
	second := read[edge.Listed[api.Contributor]](s.get(path+"?limit=1&cursor="+*first.NextCursor, "").want(http.StatusOK))
	if len(second.Items) != 1 || second.Items[0].DisplayName != "mina" || second.NextCursor != nil {
		t.Errorf("the second page is %+v", second)
	}
	s.get("/v1/missions/"+uuid.NewString()+"/contributors", "").refused(http.StatusNotFound, "not_found")
}
