package api_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"example.com/missionpot/internal/api"
	"example.com/missionpot/internal/api/people"
	"example.com/missionpot/internal/core/event"
)

// Two instances of the API: the verdict is given at one, and bets come at the other,
// whose copy of the mission is a moment old. They are logged and held, because nobody
// has published the verdict to the ledger yet, and must not be paid.
func TestRule22BetsAtAnotherInstanceAfterTheVerdictComeBack(t *testing.T) {
	t.Parallel()
	var deps api.Dependencies
	s := newStand(t, func(_ *stand, d *api.Dependencies) { deps = *d })
	second := httptest.NewServer(api.New(deps))
	t.Cleanup(second.Close)
	first := s.url
	mina, sora, jun := s.viewer("mina", 10_000), s.viewer("sora", 10_000), s.signUp("jun", true)
	m := s.mission(mina, jun, 3_000)
	s.post.set(false, nil)
	s.url = second.URL
	before := read[api.Bet](s.postKeyed(betsOf(m), sora.token, object{"amount": 1_000}).want(http.StatusAccepted)) // and now its copy is warm
	s.url = first
	s.call(http.MethodPost, "/v1/missions/"+m.ID.String()+"/success", jun.token, nil).want(http.StatusOK)
	s.url = second.URL
	var late []api.Bet
	for range 3 {
		late = append(late, read[api.Bet](s.postKeyed(betsOf(m), sora.token, object{"amount": 2_000}).want(http.StatusAccepted)))
	}
	s.url = first
	var verdict event.Event
	for _, e := range s.post.events() {
		switch e := e.(type) {
		case event.BetPlaced:
			if e.UserID == sora.id {
				s.ok(s.process(t.Context(), e))
			}
		case event.VerdictGiven:
			verdict = e
		}
	}
	s.ok(s.process(t.Context(), verdict))
	if cash := s.cash(jun); cash != (people.Cash{Available: 4_000}) {
		t.Errorf("the streamer has %+v, want what came before the verdict", cash)
	}
	if cash := s.cash(sora); cash != (people.Cash{Available: 9_000}) {
		t.Errorf("the late bettor has %+v, want all but the bet before the verdict", cash)
	}
	for _, b := range late {
		got := read[api.Bet](s.get(betsOf(m)+"/"+b.ID.String(), sora.token).want(http.StatusOK))
		if got.Status != "refunded" || got.Reason == nil || *got.Reason != "mission_closed" {
			t.Errorf("a late bet is %+v, want it refunded for mission_closed", got)
		}
	}
	if got := read[api.Bet](s.get(betsOf(m)+"/"+before.ID.String(), sora.token).want(http.StatusOK)); got.Status != "paid" || got.Reason != nil {
		t.Errorf("the bet before the verdict is %+v, want it paid", got)
	}
}
