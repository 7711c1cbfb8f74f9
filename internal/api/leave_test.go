package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/missionpot/internal/api"
	"example.com/missionpot/internal/api/edge"
	"example.com/missionpot/internal/api/people"
	"example.com/missionpot/internal/core/mission"
)

func (s *stand) leave(p player) reply {
	s.t.Helper()
	return s.call(http.MethodDelete, "/v1/users/me", p.token, object{"current_password": goodPassword})
}

func TestSomebodyLeavesAndOthersSeeAFormerUser(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina, jun := s.viewer("mina", 5_000), s.signUp("jun", true)
	m := s.mission(mina, jun, 5_000)
	for _, p := range []player{mina, jun} { // she made it, he is to do it
		s.leave(p).refused(http.StatusConflict, "account_in_use")
	}
	s.call(http.MethodPost, "/v1/missions/"+m.ID.String()+"/success", jun.token, nil).want(http.StatusOK)
	s.leave(jun).refused(http.StatusConflict, "account_in_use") // he has 5,000 won
	pair := read[people.TokenPair](s.login("mina@example.com", goodPassword).want(http.StatusOK))
	s.leave(mina).want(http.StatusNoContent)

	s.leave(mina).refused(http.StatusUnauthorized, "unauthenticated")
	s.get("/v1/users/me", mina.token).refused(http.StatusUnauthorized, "unauthenticated")
	s.call(http.MethodPatch, "/v1/users/me", mina.token, object{"display_name": "Mina"}).refused(http.StatusUnauthorized, "unauthenticated")
	s.postKeyed("/v1/users/me/charges", mina.token, object{"amount": 1000}).refused(http.StatusUnauthorized, "unauthenticated")
	s.call(http.MethodPost, "/v1/token", "", object{"refresh_token": pair.RefreshToken}).refused(http.StatusUnauthorized, "unauthenticated")
	s.login("mina@example.com", goodPassword).refused(http.StatusUnauthorized, "bad_credentials")
	s.login(mina.id.String()+"@left.invalid", "").refused(http.StatusUnauthorized, "bad_credentials")

	profile := read[people.Profile](s.get("/v1/users/"+mina.id.String(), "").want(http.StatusOK))
	if profile.DisplayName != "(former user)" {
		t.Errorf("others see %q", profile.DisplayName)
	}
	ranking := read[edge.Listed[api.Contributor]](s.get("/v1/missions/"+m.ID.String()+"/contributors", "").want(http.StatusOK))
	for _, c := range ranking.Items {
		if strings.Contains(c.DisplayName, "mina") {
			t.Errorf("the ranking still names her: %+v", c)
		}
	}
	if seen := read[mission.Snapshot](s.get("/v1/missions/"+m.ID.String(), "").want(http.StatusOK)); seen.CreatorID != mina.id {
		t.Errorf("the mission's creator is %v, want the same id", seen.CreatorID)
	}
	s.signUp("mina", false)
}

// However a mission and its streamer's leaving fall together, nobody's cash waits for a
// verdict of somebody who has left.
func TestRule23AMissionAndItsStreamersLeavingNeverBothSucceed(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina := s.viewer("mina", 100_000)
	both := 0
	for round := range 40 {
		jun := s.signUp(fmt.Sprintf("jun-%d", round), true)
		var made, left reply
		var at sync.WaitGroup
		at.Go(func() {
			made = s.postKeyed("/v1/missions", mina.token, draft(jun, 1_000))
		})
		at.Go(func() {
			time.Sleep(time.Duration(round%20) * time.Millisecond)
			left = s.leave(jun)
		})
		at.Wait()
		if made.status/100 == 2 && left.status/100 == 2 {
			both++
		}
		if left.status/100 == 2 {
			continue
		}
		left.refused(http.StatusConflict, "account_in_use")
	}
	if both > 0 {
		t.Errorf("%d of 40 times the mission was made and its streamer left", both)
	}
}

// The two orders that matter, each stopped in the middle.
func TestRule23AMissionThatMeetsALeavingIsRefusedBeforeItsStake(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina, jun := s.viewer("mina", 10_000), s.signUp("jun", true)
	s.ok(s.users.People.BeginLeaving(t.Context(), jun.id))
	s.postKeyed("/v1/missions", mina.token, draft(jun, 1_000)).refused(http.StatusNotFound, "not_found")
	if cash := s.cash(mina); cash != (people.Cash{Available: 10_000}) {
		t.Errorf("the creator has %+v, want nothing held", cash)
	}
	s.leave(jun).refused(http.StatusConflict, "account_in_use") // the mission is there, so he stays
	s.postKeyed("/v1/missions", mina.token, draft(jun, 1_000)).want(http.StatusCreated)
}

func TestAStreamerWhoLeftIsGivenNoMissions(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina, jun := s.viewer("mina", 5_000), s.signUp("jun", true)
	s.leave(jun).want(http.StatusNoContent)
	s.postKeyed("/v1/missions", mina.token, draft(jun, 1_000)).refused(http.StatusNotFound, "not_found")
	if listed := read[edge.Listed[people.Profile]](s.get("/v1/streamers", "").want(http.StatusOK)); len(listed.Items) != 0 {
		t.Errorf("the streamers are %+v, want none", listed.Items)
	}
	s.leave(player{}).refused(http.StatusUnauthorized, "unauthenticated")
}
