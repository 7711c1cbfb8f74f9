package api_test

import (
	"net/http"
	"testing"

	"example.com/missionpot/internal/api"
	"example.com/missionpot/internal/api/people"
	"example.com/missionpot/internal/core/mission"
	"example.com/missionpot/internal/store/missionsdb"
)

func TestAMissionBeyondTheLimitsIsRefusedWithACodeOfItsOwn(t *testing.T) {
	t.Parallel()
	s := newStand(t, func(_ *stand, d *api.Dependencies) {
		d.Missions.(*missionsdb.DB).Limits = mission.Limits{CreatorNew: 3, PairOpen: 2}
	})
	mina, jun, hana := s.viewer("mina", 10_000), s.signUp("jun", true), s.signUp("hana", true)
	create := func(streamer player, key string) reply {
		return s.call(http.MethodPost, "/v1/missions", mina.token, draft(streamer, 100), "Idempotency-Key", key)
	}
	create(jun, "first").want(http.StatusCreated)
	create(jun, "second").want(http.StatusCreated)
	create(jun, "third").refused(http.StatusTooManyRequests, "too_many_missions")
	create(hana, "fourth").want(http.StatusCreated)
	r := create(hana, "fifth")
	r.refused(http.StatusTooManyRequests, "too_many_missions")
	if got := r.header.Get("Retry-After"); got == "" {
		t.Error("the answer does not say when another mission is possible")
	}
	create(jun, "first").want(http.StatusCreated)
	if cash := s.cash(mina); cash != (people.Cash{Available: 9_700, Held: 300}) {
		t.Errorf("the creator has %+v, want three stakes held", cash)
	}
}
