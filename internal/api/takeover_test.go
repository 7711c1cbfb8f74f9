package api_test

import (
	"net/http"
	"testing"

	"example.com/missionpot/internal/api/people"
	"example.com/missionpot/internal/core/mission"
)

// remedies are what somebody does who finds a stranger in their account.
var remedies = map[string]func(s *stand, p player){
	"a changed password": func(s *stand, p player) {
		s.changePassword(p.token, goodPassword, otherPassword).want(http.StatusOK)
	},
	"a password by mail": func(s *stand, _ player) { s.redeem(s.code("mina"), otherPassword).want(http.StatusOK) },
	"signing out everywhere": func(s *stand, p player) {
		s.call(http.MethodDelete, "/v1/users/me/sessions", p.token, nil).want(http.StatusNoContent)
	},
}

func TestACopiedAccessTokenMovesNothingAfterARemedy(t *testing.T) {
	t.Parallel()
	for name, remedy := range remedies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStand(t)
			mina, thief := s.viewer("mina", 10_000), s.signUp("thief", true)
			hers := s.signUp("minas-friend", false)
			m := s.mission(s.viewer("other", 1_000), thief, 1_000)
			copied := mina.token
			remedy(s, mina)
			for what, r := range map[string]reply{
				"a bet":                    s.postKeyed(betsOf(m), copied, object{"amount": 5_000}),
				"a mission":                s.postKeyed("/v1/missions", copied, draft(thief, 5_000)),
				"a charge":                 s.postKeyed("/v1/users/me/charges", copied, object{"amount": 5_000}),
				"a look":                   s.get("/v1/users/me", copied),
				"other settings":           s.call(http.MethodPatch, "/v1/users/me", copied, object{"display_name": "Thief"}),
				"another password":         s.changePassword(copied, goodPassword, otherPassword),
				"a second factor":          s.call(http.MethodPost, factorPath, copied, object{"current_password": goodPassword}),
				"leaving":                  s.call(http.MethodDelete, "/v1/users/me", copied, object{"current_password": goodPassword}),
				"signing everybody out":    s.call(http.MethodDelete, "/v1/users/me/sessions", copied, nil),
				"a verdict on her mission": s.call(http.MethodPost, "/v1/missions/"+m.ID.String()+"/success", copied, nil),
			} {
				if r.status != http.StatusUnauthorized {
					t.Errorf("%s by the copied token answered %d %s, want 401", what, r.status, r.body)
				}
			}
			mina.token = s.sign(mina.id)
			if cash := s.cash(mina); cash != (people.Cash{Available: 10_000}) {
				t.Errorf("she has %+v, want all of it", cash)
			}
			s.get("/v1/users/me", hers.token).want(http.StatusOK) // nobody else is signed out
		})
	}
}

// A streamer's token that somebody copied gives no verdict.
func TestACopiedTokenOfAStreamerGivesNoVerdictAfterARemedy(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina, jun := s.viewer("viewer", 5_000), s.signUp("mina", true)
	m := s.mission(mina, jun, 5_000)
	remedies["signing out everywhere"](s, jun)
	s.call(http.MethodPost, "/v1/missions/"+m.ID.String()+"/success", jun.token, nil).refused(http.StatusUnauthorized, "unauthenticated")
	if got := read[mission.Snapshot](s.get("/v1/missions/"+m.ID.String(), "").want(http.StatusOK)); got.Status != mission.Active {
		t.Errorf("the mission is %s, want active", got.Status)
	}
}

// The stranger knew the password and began a second factor. No remedy may leave it
// to be confirmed, or the owner would be locked out for good.
func TestASecondFactorThatAStrangerBeganEndsWithEveryRemedy(t *testing.T) {
	t.Parallel()
	for name, remedy := range remedies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStand(t)
			mina := s.signUp("mina", false)
			app := s.beginFactor(mina.token)
			remedy(s, mina)
			s.confirm(mina.token, app.next()).refused(http.StatusUnauthorized, "unauthenticated")
			for _, password := range []string{goodPassword, otherPassword} {
				// Even with a token of now and the password the owner has.
				r := s.call(http.MethodPut, factorPath, s.sign(mina.id), object{"current_password": password, "code": app.next()})
				app.step--
				if r.status == http.StatusOK {
					t.Errorf("the stranger's factor was turned on: %s", r.body)
				}
			}
			if got := read[people.FactorState](s.get(factorPath, s.sign(mina.id)).want(http.StatusOK)); got.On {
				t.Error("the second factor is on")
			}
		})
	}
}

func TestConfirmingASecondFactorTakesThePasswordAndIsCounted(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina := s.signUp("mina", false)
	app := s.beginFactor(mina.token)
	s.call(http.MethodPut, factorPath, mina.token, object{"code": app.next()}).refused(http.StatusUnprocessableEntity, "invalid")
	s.call(http.MethodPut, factorPath, mina.token, object{"current_password": "a guess", "code": app.next()}).refused(http.StatusUnauthorized, "bad_credentials")
	for range 9 {
		s.confirm(mina.token, "000000").refused(http.StatusUnauthorized, "bad_credentials")
	}
	s.confirm(mina.token, "000000").refused(http.StatusTooManyRequests, "too_many_requests")
}

func TestASecondFactorThatWasBegunLapses(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina := s.signUp("mina", false)
	app := s.beginFactor(mina.token)
	_, err := s.users.Pool.Exec(t.Context(), `UPDATE second_factors SET begun_at = begun_at - interval '16 minutes'`)
	s.ok(err)
	s.confirm(mina.token, app.next()).refused(http.StatusNotFound, "not_found")
	again := s.beginFactor(mina.token)
	s.confirm(mina.token, again.next()).want(http.StatusOK)
}

func TestLeavingTakesThePasswordAndTheCode(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina := s.signUp("mina", false)
	leave := func(password, code string) reply {
		return s.call(http.MethodDelete, "/v1/users/me", mina.token, object{"current_password": password, "code": code})
	}
	leave("a guess", "").refused(http.StatusUnauthorized, "bad_credentials")
	_, recovery := s.turnOn(mina.token)
	leave(goodPassword, "").refused(http.StatusUnauthorized, "second_factor_required")
	leave(goodPassword, string(recovery[0])).want(http.StatusNoContent)
}

func TestAnOperatorWithoutASecondFactorSeesNothing(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	kim := s.operator("kim")
	s.get("/v1/deadletters", kim.token).want(http.StatusOK)
	s.secondFactor(kim, false)
	s.get("/v1/deadletters", kim.token).refused(http.StatusForbidden, "forbidden")
}

func TestACodeMayBeTypedAsAppsShowIt(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina := s.signUp("mina", false)
	app := s.beginFactor(mina.token)
	code := app.next()
	s.confirm(mina.token, " "+code[:3]+" "+code[3:]+"\n").want(http.StatusOK)
}
