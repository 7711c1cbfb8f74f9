package api_test

import (
	"net/http"
	"testing"

	"example.com/missionpot/internal/api"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/core/mission"
)

// Two instances share the books: one from before, one that is exit-only now.
func TestRule5ExitOnlyTakesNoNewCashAndLetsEverythingElseGoOn(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina, jun, sora := s.viewer("mina", 10_000), s.signUp("jun", true), s.viewer("sora", 5_000)
	m := s.mission(mina, jun, 1_000)
	keyed := func(path string, by player, body any) reply {
		return s.call(http.MethodPost, path, by.token, body, "Idempotency-Key", "known", "Prefer", "wait=10")
	}
	charged := read[api.Charge](keyed("/v1/users/me/charges", sora, object{"amount": 700}).want(http.StatusCreated))
	placed := read[api.Bet](keyed(betsOf(m), sora, object{"amount": 300}).want(http.StatusCreated))
	made := read[mission.Snapshot](keyed("/v1/missions", mina, draft(jun, 2_000)).want(http.StatusCreated))

	exiting := newStand(t, func(e *stand, d *api.Dependencies) {
		d.Accounts, d.Sessions, d.Charges, d.Books = s.users.People, s.users.People, s.users.DB, s.users.DB
		d.Missions, d.BetLog, d.Events, d.Live, d.Board = s.missions, s.log, s.board, s.board, boardStep{s.copier}
		d.Tokens, d.Publisher, d.ExitOnly = s.tokens, s.post, true
	})
	s.url = exiting.url
	s.postKeyed("/v1/users/me/charges", sora.token, object{"amount": 700}).refused(http.StatusServiceUnavailable, "exit_only")
	s.postKeyed(betsOf(m), sora.token, object{"amount": 300}).refused(http.StatusServiceUnavailable, "exit_only")
	s.postKeyed("/v1/missions", mina.token, draft(jun, 2_000)).refused(http.StatusServiceUnavailable, "exit_only")

	// Rule 1: a known key gets its first answer.
	if c := read[api.Charge](keyed("/v1/users/me/charges", sora, object{"amount": 700}).want(http.StatusCreated)); c.ID != charged.ID {
		t.Errorf("the repeated charge is %v, want %v", c.ID, charged.ID)
	}
	if b := read[api.Bet](keyed(betsOf(m), sora, object{"amount": 300}).want(http.StatusOK)); b.ID != placed.ID {
		t.Errorf("the repeated bet is %v, want %v", b.ID, placed.ID)
	}
	if again := read[mission.Snapshot](keyed("/v1/missions", mina, draft(jun, 2_000)).want(http.StatusCreated)); again.ID != made.ID {
		t.Errorf("the repeated mission is %v, want %v", again.ID, made.ID)
	}
	// And what is held goes out.
	s.call(http.MethodPost, "/v1/missions/"+m.ID.String()+"/success", jun.token, nil).want(http.StatusOK)
	if cash := s.cash(jun); cash.Available != ledger.Won(1_300) {
		t.Errorf("the streamer has %v, want the pot of 1,300 won", cash.Available)
	}
}
