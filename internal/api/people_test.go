package api_test

import (
	"net/http"
	"strings"

	"github.com/google/uuid"

	"example.com/missionpot/internal/api/people"
	"example.com/missionpot/internal/auth/token"
	"example.com/missionpot/internal/core/account"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/core/mission"
)

// player is somebody signed up, with an access token.
type player struct {
	id    uuid.UUID
	token string
}

type object = map[string]any

const goodPassword = "correct horse battery"

// signUp makes an account through the front door.
func (s *stand) signUp(name string, streamer bool) player {
	s.t.Helper()
	self := read[people.Self](s.call(http.MethodPost, "/v1/users", "", object{
		"email": name + "@example.com", "password": goodPassword, "display_name": name, "streamer": streamer, "locale": "en",
	}).want(http.StatusCreated))
	return player{self.ID, s.sign(self.ID)}
}

func (s *stand) sign(user uuid.UUID) string {
	s.t.Helper()
	return s.signAs(user)
}

// signAs makes an access token of now, with roles.
func (s *stand) signAs(user uuid.UUID, roles ...account.Role) string {
	s.t.Helper()
	b := token.Bearer{User: user, Roles: roles}
	s.ok(s.users.Pool.QueryRow(s.t.Context(), `SELECT coalesce(max(generation), 0) FROM users WHERE id = $1`, user).Scan(&b.Generation))
	signed, err := s.tokens.Sign(b)
	s.ok(err)
	return signed
}

// viewer is a user with cash.
func (s *stand) viewer(name string, cash ledger.Won) player {
	s.t.Helper()
	p := s.signUp(name, false)
	s.postKeyed("/v1/users/me/charges", p.token, object{"amount": cash}).want(http.StatusCreated)
	return p
}

func (s *stand) cash(p player) people.Cash {
	s.t.Helper()
	return read[people.Self](s.get("/v1/users/me", p.token).want(http.StatusOK)).Cash
}

func draft(streamer player, stake ledger.Won) object {
	return object{
		"streamer_id": streamer.id, "title": "Finish the boss without a hit", "description": "Any weapon.",
		"stake": stake, "time_limit_seconds": 3600,
	}
}

// mission is one that is running.
func (s *stand) mission(creator, streamer player, stake ledger.Won) mission.Snapshot {
	s.t.Helper()
	m := read[mission.Snapshot](s.postKeyed("/v1/missions", creator.token, draft(streamer, stake), "Prefer", "wait=10").want(http.StatusCreated))
	if m.Status != mission.Active {
		s.t.Fatalf("the mission is %s, want active", m.Status)
	}
	return m
}

func betsOf(m mission.Snapshot) string { return "/v1/missions/" + m.ID.String() + "/bets" }

func (s *stand) logHas(text string) bool { return strings.Contains(s.logged.String(), text) }
