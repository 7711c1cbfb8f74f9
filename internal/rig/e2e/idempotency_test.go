package e2e_test

import (
	"net/http"
	"testing"

	"github.com/google/uuid"
)

func TestRule1AKnownKeyGetsItsFirstAnswerWhateverHappenedSince(t *testing.T) {
	t.Parallel()
	s := sharedSystem(t)
	sc := s.activeScene(t)
	path, key, body := "/v1/missions/"+sc.mission.ID+"/bets", uuid.NewString(), map[string]any{"amount": 8000}
	first := read[bet](t, sc.backer.postKeyed(t, path, key, body), http.StatusAccepted)
	eventually(t, func() string {
		if sc.backer.cash(t).Available == 0 {
			return ""
		}
		return "the bet is not held"
	})
	// The cash is gone, so a new bet is refused; the known one is not.
	refused(t, sc.backer.post(t, path, body), http.StatusPaymentRequired, "insufficient_cash")
	if again := read[bet](t, sc.backer.postKeyed(t, path, key, body), http.StatusOK); again.ID != first.ID || again.Status != "held" {
		t.Errorf("with the cash gone the key gives %+v, want bet %s, held", again, first.ID)
	}
	sc.streamer.judge(t, sc.mission.ID, "fail")
	sc.awaitSettled(t, sc.mission.ID)
	refused(t, sc.backer.post(t, path, body), http.StatusConflict, "not_active")
	if again := read[bet](t, sc.backer.postKeyed(t, path, key, body), http.StatusOK); again.ID != first.ID || again.Status != "refunded" {
		t.Errorf("after the verdict the key gives %+v, want bet %s, refunded", again, first.ID)
	}
	refused(t, sc.backer.postKeyed(t, path, key, map[string]any{"amount": 8001}), http.StatusUnprocessableEntity, "idempotency_key_reused")
	sc.have(t, purse, purse, 0)
}

func TestRule2ARepeatedCreationGivesTheSameMissionAndOneStake(t *testing.T) {
	t.Parallel()
	s := sharedSystem(t)
	creator, streamer := s.viewer(t, "en", 3000), s.streamer(t, "en", nil)
	key, draft := uuid.NewString(), creator.draft(streamer, 3000)
	ids := map[string]bool{}
	for range 3 {
		ids[read[mission](t, creator.postKeyed(t, "/v1/missions", key, draft), http.StatusCreated).ID] = true
	}
	if len(ids) != 1 {
		t.Fatalf("3 calls with one key made missions %v, want one", ids)
	}
	for id := range ids {
		s.await(t, id, "active with its stake", func(m mission) bool { return m.Status == "active" && m.Reward == 3000 })
	}
	// All cash is held now; the retry still gets the first call's answer.
	ids[read[mission](t, creator.postKeyed(t, "/v1/missions", key, draft), http.StatusCreated).ID] = true
	if len(ids) != 1 {
		t.Errorf("a retry after the stake was held made another mission: %v", ids)
	}
	draft["stake"] = 2999
	refused(t, creator.postKeyed(t, "/v1/missions", key, draft), http.StatusUnprocessableEntity, "idempotency_key_reused")
	listed := read[list[mission]](t, creator.get(t, "/v1/missions?creator_id="+creator.id), http.StatusOK)
	if len(listed.Items) != 1 {
		t.Errorf("%d missions are listed, want one", len(listed.Items))
	}
}

func TestRule3ARepeatedChargeCreditsOnce(t *testing.T) {
	t.Parallel()
	p := sharedSystem(t).viewer(t, "en", 0)
	key, body := uuid.NewString(), map[string]any{"amount": 5000}
	p.together(t, 5, func() request { return p.posting("/v1/users/me/charges", key, body) })
	first := read[charge](t, p.postKeyed(t, "/v1/users/me/charges", key, body), http.StatusCreated)
	again := read[charge](t, p.postKeyed(t, "/v1/users/me/charges", key, body), http.StatusCreated)
	if first.ID != again.ID || again.Cash.Available != 5000 {
		t.Errorf("charges are %+v and %+v, want the same one, and 5000 won", first, again)
	}
	refused(t, p.postKeyed(t, "/v1/users/me/charges", key, map[string]any{"amount": 5001}), http.StatusUnprocessableEntity, "idempotency_key_reused")
	if got := p.cash(t); got.Available != 5000 {
		t.Errorf("the wallet has %+v after 8 calls with one key, want 5000", got)
	}
}

func TestManyBetsWithOneKeyAtOnceAreOneBet(t *testing.T) {
	t.Parallel()
	sc := sharedSystem(t).activeScene(t)
	path, key, body := "/v1/missions/"+sc.mission.ID+"/bets", uuid.NewString(), map[string]any{"amount": 700}
	const calls = 20
	seen := map[string]bool{}
	for _, a := range sc.backer.together(t, calls, func() request { return sc.backer.posting(path, key, body) }) {
		if a.status != http.StatusOK {
			seen[read[bet](t, a, http.StatusAccepted).ID] = true
		} else { // decided by then
			seen[read[bet](t, a, http.StatusOK).ID] = true
		}
	}
	if len(seen) != 1 {
		t.Errorf("%d calls with one key gave bets %v, want one", calls, seen)
	}
	sc.awaitReward(t, sc.mission.ID, 5500+700)
	sc.streamer.judge(t, sc.mission.ID, "success")
	if m := sc.awaitSettled(t, sc.mission.ID); m.Reward != 5500+700 {
		t.Errorf("the pot is %d, want the bet in it once: 6200", m.Reward)
	}
	sc.have(t, purse-3500, purse-2700, 6200)
}

func TestACallThatMovesCashNeedsAKey(t *testing.T) {
	t.Parallel()
	s := sharedSystem(t)
	p := s.viewer(t, "en", 5000)
	m := p.ask(t, s.streamer(t, "en", nil), 1000)
	for path, body := range map[string]any{
		"/v1/users/me/charges":             map[string]any{"amount": 1000},
		"/v1/missions":                     p.draft(s.streamer(t, "en", nil), 1000),
		"/v1/missions/" + m.ID + "/bets":   map[string]any{"amount": 1000},
		"/v1/missions/" + m.ID + "/bets?x": map[string]any{"amount": -1}, // the key is checked first
	} {
		refused(t, p.call(t, request{method: "POST", path: path, token: p.token, body: body}), http.StatusBadRequest, "idempotency_key_missing")
	}
	if got := p.cash(t); got != (cash{Available: 4000, Held: 1000}) {
		t.Errorf("the wallet has %+v, want it untouched by refused calls", got)
	}
}

func TestPreferWaitHoldsTheAnswerUntilTheOutcome(t *testing.T) {
	t.Parallel()
	sc := sharedSystem(t).activeScene(t)
	path := "/v1/missions/" + sc.mission.ID + "/bets"
	waited := sc.backer.postWaiting(t, path, map[string]any{"amount": 300})
	if b := read[bet](t, waited, http.StatusCreated); b.Status != "held" || waited.header.Get("Preference-Applied") != "wait=15" {
		t.Errorf("bet is %+v with Preference-Applied %q, want it held and wait=15", b, waited.header.Get("Preference-Applied"))
	}
	at := sc.backer.post(t, path, map[string]any{"amount": 300})
	placed := read[bet](t, at, http.StatusAccepted)
	if want := path + "/" + placed.ID; at.header.Get("Location") != want {
		t.Fatalf("Location is %q, want %q", at.header.Get("Location"), want)
	}
	eventually(t, func() string {
		if b := read[bet](t, sc.backer.get(t, at.header.Get("Location")), http.StatusOK); b.Status != "held" {
			return "the bet is " + b.Status
		}
		return ""
	})
}

// Two bets of the whole balance: the early check may let both pass, but the ledger declines the
// second with a reason.
func TestADeclinedBetSaysWhyAndMovesNothing(t *testing.T) {
	t.Parallel()
	sc := sharedSystem(t).activeScene(t)
	path := "/v1/missions/" + sc.mission.ID + "/bets"
	const calls = 8
	seen := map[string]int{}
	for _, a := range sc.backer.together(t, calls, func() request {
		return sc.backer.waiting(path, map[string]any{"amount": 8000})
	}) {
		if a.status == http.StatusPaymentRequired {
			seen["refused"]++
			continue
		}
		b := read[bet](t, a, http.StatusCreated)
		if b.Status == "declined" && (b.Reason == nil || *b.Reason != "insufficient_cash") {
			t.Errorf("bet is declined for %v, want insufficient_cash", b.Reason)
		}
		seen[b.Status]++
	}
	if seen["held"] != 1 || seen["declined"]+seen["refused"] != calls-1 {
		t.Errorf("the bets are %v, want one held and the others declined or refused", seen)
	}
	if got := sc.backer.cash(t); got != (cash{Available: 0, Held: purse}) {
		t.Errorf("the backer has %+v, want everything held, once", got)
	}
}
