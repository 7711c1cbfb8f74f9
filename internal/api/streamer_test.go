package api_test

import (
	"net/http"
	"testing"

	"example.com/missionpot/internal/api/edge"
	"example.com/missionpot/internal/api/people"
	"example.com/missionpot/internal/core/account"
	"example.com/missionpot/internal/core/mission"
)

// setStreamer switches being a streamer on or off.
func (s *stand) setStreamer(p player, on bool) reply {
	return s.call(http.MethodPatch, "/v1/users/me", p.token, object{"streamer": on})
}

// streamersListed is how many streamers are listed.
func (s *stand) streamersListed() int {
	return len(read[edge.Listed[people.Profile]](s.get("/v1/streamers", "").want(http.StatusOK)).Items)
}

func TestAStreamerWhoSwitchesItOffIsGivenNoNewMissionsAndFinishesTheOpenOnes(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina, jun := s.viewer("mina", 10_000), s.signUp("jun", true)
	open := s.mission(mina, jun, 1_000)
	if self := read[people.Self](s.setStreamer(jun, false).want(http.StatusOK)); self.Streamer {
		t.Error("jun is still a streamer after switching it off")
	}
	s.postKeyed("/v1/missions", mina.token, draft(jun, 1_000)).refused(http.StatusNotFound, "not_found")
	if n := s.streamersListed(); n != 0 {
		t.Errorf("%d streamers are listed, want none", n)
	}
	s.postKeyed(betsOf(open), s.viewer("sora", 1_000).token, object{"amount": 500}, "Prefer", "wait=10").want(http.StatusCreated)
	s.call(http.MethodPost, pathOf(open)+"/success", jun.token, nil).want(http.StatusOK)
	if cash := s.cash(jun); cash != (people.Cash{Available: 1_500}) {
		t.Errorf("the streamer has %+v, want the pot of the mission that was open", cash)
	}
}

func TestAViewerBecomesAStreamerByASetting(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina, jun := s.viewer("mina", 10_000), s.signUp("jun", false)
	s.postKeyed("/v1/missions", mina.token, draft(jun, 1_000)).refused(http.StatusNotFound, "not_found")
	s.setStreamer(jun, true).want(http.StatusOK)
	if n := s.streamersListed(); n != 1 {
		t.Errorf("%d streamers are listed, want jun", n)
	}
	s.mission(mina, jun, 1_000)
}

// The stake is logged, no step has handled it, and the client did not see the answer.
func TestRule1ACreationWhoseStakeIsLoggedIsAnsweredAfterItsStreamerSwitchedOff(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina, jun := s.viewer("mina", 10_000), s.signUp("jun", true)
	create := func() reply {
		return s.call(http.MethodPost, "/v1/missions", mina.token, draft(jun, 1_000), "Idempotency-Key", "k")
	}
	s.post.set(false, nil)
	first := read[mission.Snapshot](create().want(http.StatusCreated))
	s.setStreamer(jun, false).want(http.StatusOK)
	if again := read[mission.Snapshot](create().want(http.StatusCreated)); again.ID != first.ID {
		t.Errorf("the repeated call made %v, want %v again", again.ID, first.ID)
	}
}

func TestAnOperatorIsNoStreamerAndIsPaidNoPot(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	kim := s.operator("kim")
	s.setStreamer(kim, true).refused(http.StatusForbidden, "operator_moves_no_cash")
	mina, jun := s.viewer("mina", 10_000), s.signUp("jun", true)
	m := s.mission(mina, jun, 1_000)
	s.setStreamer(jun, false).want(http.StatusOK)
	_, err := s.users.People.GrantOperator(t.Context(), "jun@example.com", account.CommandActor("test"))
	s.ok(err)
	jun.token = s.signIn("jun").AccessToken
	s.secondFactor(jun, true)
	s.call(http.MethodPost, pathOf(m)+"/success", jun.token, nil).refused(http.StatusForbidden, "operator_moves_no_cash")
	s.call(http.MethodPost, pathOf(m)+"/fail", jun.token, nil).want(http.StatusOK)
}
