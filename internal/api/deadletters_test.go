package api_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/api"
	"example.com/missionpot/internal/api/edge"
	"example.com/missionpot/internal/auth/token"
	"example.com/missionpot/internal/core/account"
	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/ledger"
)

// deadBet keeps a bet as a dead letter, as if no attempt could hold it.
func (s *stand) deadBet(id string, b ledger.Bet) event.DeadLetter {
	s.t.Helper()
	placed := event.NewBetPlaced(b)
	data, err := json.Marshal(placed)
	s.ok(err)
	d := event.NewDeadLetter("projects/p/subscriptions/holdbets-dead-keep", id, time.Now().UTC(), map[string]string{
		event.AttributeType: string(placed.Type()), event.AttributeMission: b.MissionID.String(),
		event.AttributeTraceparent:                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		"CloudPubSubDeadLetterSourceSubscription": "holdbets-bets",
	}, data)
	d.KeptAt = time.Now().UTC()
	s.ok(s.letters.Keep(s.t.Context(), d))
	return d
}

// newBet is one by nobody in particular.
func newBet() ledger.Bet {
	now := time.Now().UTC()
	return ledger.Bet{
		ID: uuid.Must(uuid.NewV7()), MissionID: uuid.Must(uuid.NewV7()), UserID: uuid.Must(uuid.NewV7()), Amount: 700,
		LoggedAt: now, Deadline: now.Add(time.Hour),
	}
}

func TestAnOperatorReadsDeadLettersPageByPageAndSeesNoPerson(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	kim, b := s.operator("kim"), newBet()
	for i := range 3 {
		s.deadBet(fmt.Sprint(i), b)
	}
	var seen []string
	for query := "?limit=2"; query != ""; {
		list := read[edge.Listed[api.DeadLetterSummary]](s.get("/v1/deadletters"+query, kim.token).want(http.StatusOK))
		for _, d := range list.Items {
			seen = append(seen, d.ID)
		}
		query = ""
		if list.NextCursor != nil {
			query = "?limit=2&cursor=" + *list.NextCursor
		}
	}
	if got := strings.Join(seen, " "); got != "holdbets-0 holdbets-1 holdbets-2" {
		t.Errorf("the pages have %s, want the three letters", got)
	}
	r := s.get("/v1/deadletters/holdbets-1", kim.token).want(http.StatusOK)
	d := read[api.DeadLetter](r)
	if d.Contents["bet_id"] != b.ID.String() || d.MissionID == nil || *d.MissionID != b.MissionID || d.TraceID == nil || d.Status != "kept" {
		t.Errorf("the letter is %s, want the bet, its mission and its trace", r.body)
	}
	if strings.Contains(string(r.body), b.UserID.String()) {
		t.Errorf("the dead letter shows who bet: %s", r.body)
	}
	s.get("/v1/deadletters/holdbets-9", kim.token).refused(http.StatusNotFound, "not_found")
	s.get("/v1/deadletters?cursor=x", kim.token).refused(http.StatusUnprocessableEntity, "invalid")
}

func TestRedrivingTwiceSendsOnceAndAnswersTheSame(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	streamer, mina := s.signUp("streamer", true), s.viewer("mina", 10_000)
	m := s.mission(mina, streamer, 1000)
	s.post.set(false, nil)
	b := read[api.Bet](s.postKeyed(betsOf(m), mina.token, object{"amount": 700}).want(http.StatusAccepted))
	logged, err := s.log.ByBetID(t.Context(), m.ID, b.ID)
	s.ok(err)
	d := s.deadBet("7", logged)
	s.post.set(true, nil)
	kim, lee := s.operator("kim"), s.operator("lee")
	before := len(s.post.events())
	first := s.call(http.MethodPost, "/v1/deadletters/"+d.ID+"/redrive", kim.token, nil).want(http.StatusOK)
	second := s.call(http.MethodPost, "/v1/deadletters/"+d.ID+"/redrive", lee.token, nil).want(http.StatusOK)
	if string(first.body) != string(second.body) {
		t.Errorf("the second call got %s, want the first one's answer %s", second.body, first.body)
	}
	if sent := len(s.post.events()) - before; sent != 1 {
		t.Errorf("%d messages were sent, want 1", sent)
	}
	if shown := read[api.DeadLetter](first); shown.Status != "sent" || shown.RedrivenBy == nil || *shown.RedrivenBy != string(account.UserActor(kim.id)) {
		t.Errorf("the letter is %s, want it sent by kim", first.body)
	}
	if got := read[api.Bet](s.get(betsOf(m)+"/"+b.ID.String(), mina.token).want(http.StatusOK)); got.Status != "held" {
		t.Errorf("the bet is %s, want held", got.Status)
	}
}

func TestWhatAnOperatorDoesIsRecordedBeforeItIsDone(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	kim, d := s.operator("kim"), s.deadBet("7", newBet())
	s.post.set(false, nil)
	s.get("/v1/deadletters", kim.token).want(http.StatusOK)
	s.get("/v1/deadletters/"+d.ID, kim.token).want(http.StatusOK)
	s.call(http.MethodPost, "/v1/deadletters/"+d.ID+"/redrive", kim.token, nil).want(http.StatusOK)
	actions, err := s.users.People.Actions(t.Context(), math.MaxInt64, 3)
	s.ok(err)
	var got []string
	for _, a := range actions {
		if a.Actor != account.UserActor(kim.id) {
			t.Errorf("%s was done by %s, want kim", a.Name, a.Actor)
		}
		got = append(got, string(a.Name)+" "+a.Subject)
	}
	if want := "redrive_letter holdbets-7, read_letter holdbets-7, list_letters "; strings.Join(got, ", ") != want {
		t.Errorf("the record is %q, want %q", strings.Join(got, ", "), want)
	}
	// Without a record nothing is done.
	other := s.deadBet("8", newBet())
	before := len(s.post.events())
	_, err = s.users.Pool.Exec(t.Context(), `ALTER TABLE operator_actions ADD CHECK (action <> 'redrive_letter') NOT VALID`)
	s.ok(err)
	s.call(http.MethodPost, "/v1/deadletters/"+other.ID+"/redrive", kim.token, nil).refused(http.StatusInternalServerError, "internal")
	if sent := len(s.post.events()) - before; sent != 0 {
		t.Errorf("%d messages were sent without a record, want none", sent)
	}
}

func TestTheRoleIsLostAtOnceWhateverTheTokenSays(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	kim := s.operator("kim")
	s.get("/v1/deadletters", kim.token).want(http.StatusOK)
	_, err := s.users.People.RevokeOperator(t.Context(), "kim@example.com", account.CommandActor("test"))
	s.ok(err)
	s.get("/v1/deadletters", kim.token).refused(http.StatusForbidden, "forbidden")
	mina := s.signUp("mina", false)
	forged, err := s.tokens.Sign(token.Bearer{User: mina.id, Roles: []account.Role{account.Operator}}) // no sign-in gives this
	s.ok(err)
	s.get("/v1/deadletters", forged).refused(http.StatusForbidden, "forbidden")
}
