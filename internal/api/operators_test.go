package api_test

import (
	"net/http"
	"testing"

	"example.com/missionpot/internal/api/people"
	"example.com/missionpot/internal/core/account"
)

// operator is somebody with the role, with a token they got by signing in.
func (s *stand) operator(name string) player {
	s.t.Helper()
	p := s.signUp(name, false)
	_, err := s.users.People.GrantOperator(s.t.Context(), name+"@example.com", account.CommandActor("test"))
	s.ok(err)
	p.token = s.signIn(name).AccessToken
	s.secondFactor(p, true)
	return p
}

// secondFactor turns a second factor of somebody on or off without their doing.
func (s *stand) secondFactor(p player, on bool) {
	s.t.Helper()
	_, err := s.users.Pool.Exec(s.t.Context(), `DELETE FROM second_factors WHERE user_id = $1`, p.id)
	s.ok(err)
	if on {
		_, err = s.users.Pool.Exec(s.t.Context(), `INSERT INTO second_factors (user_id, secret, confirmed_at) VALUES ($1, $2, clock_timestamp())`, p.id, make([]byte, 20))
		s.ok(err)
	}
}

func (s *stand) signIn(name string) people.TokenPair {
	s.t.Helper()
	return read[people.TokenPair](s.login(name+"@example.com", goodPassword).want(http.StatusOK))
}

func TestAnOperatorsTokenCarriesTheRoleFromTheNextPairOn(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.signUp("kim", false)
	before := s.signIn("kim")
	if b, err := s.tokens.Verify(before.AccessToken); err != nil || b.Has(account.Operator) {
		t.Errorf("before the grant the bearer is %+v, %v", b, err)
	}
	_, err := s.users.People.GrantOperator(t.Context(), "kim@example.com", account.CommandActor("test"))
	s.ok(err)
	next := read[people.TokenPair](s.call(http.MethodPost, "/v1/token", "", object{"refresh_token": before.RefreshToken}).want(http.StatusOK))
	for name, pair := range map[string]people.TokenPair{"the next pair": next, "a new sign-in": s.signIn("kim")} {
		if b, err := s.tokens.Verify(pair.AccessToken); err != nil || !b.Has(account.Operator) {
			t.Errorf("%s: the bearer is %+v, %v, want an operator", name, b, err)
		}
	}
}

func TestAnOperatorMovesNoCash(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	streamer, mina := s.signUp("streamer", true), s.viewer("mina", 10_000)
	m := s.mission(mina, streamer, 1000)
	kim := s.operator("kim")
	s.postKeyed("/v1/users/me/charges", kim.token, object{"amount": 1000}).refused(http.StatusForbidden, "operator_moves_no_cash")
	s.postKeyed("/v1/missions", kim.token, draft(streamer, 1000)).refused(http.StatusForbidden, "operator_moves_no_cash")
	s.postKeyed(betsOf(m), kim.token, object{"amount": 1000}).refused(http.StatusForbidden, "operator_moves_no_cash")
	s.call(http.MethodPost, "/v1/missions/"+m.ID.String()+"/success", kim.token, nil).refused(http.StatusForbidden, "operator_moves_no_cash")
	for _, verdict := range []string{"accept", "reject", "fail"} {
		s.call(http.MethodPost, "/v1/missions/"+m.ID.String()+"/"+verdict, kim.token, nil).refused(http.StatusForbidden, "not_its_streamer")
	}
	// A token from before the grant does not know of the role; the database does.
	s.postKeyed("/v1/users/me/charges", s.sign(kim.id), object{"amount": 1000}).refused(http.StatusForbidden, "operator_moves_no_cash")
}
