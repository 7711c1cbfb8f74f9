package e2e_test

import (
	"net/http"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"github.com/google/uuid"

	"example.com/missionpot/internal/rig/stand"
)

// The API dies with SIGKILL after the bet is logged and before it is published. No client retries;
// the sweep finds the entry and publishes it.
func TestRule16TheSweepPublishesABetWhoseAPIDiedBeforePublishing(t *testing.T) {
	t.Parallel()
	var between proxy
	var project string
	s := ownSystem(t, func(c *stand.SystemConfig) {
		between, project = throughProxy(t, c.PubSubHost), c.Project
		c.APIEnv = append(c.APIEnv, between.pubSubOf())
		c.FunctionsEnv = append(c.FunctionsEnv, "SWEEP_AGE=2s")
	})
	backer, streamer := s.viewer(t, "en", purse), s.streamer(t, "en", nil)
	m := s.viewer(t, "en", purse).ask(t, streamer, 1000)
	between.swallow(t)
	answered := make(chan error, 1)
	go func() {
		_, err := s.try(t, backer.posting("/v1/missions/"+m.ID+"/bets", uuid.NewString(), map[string]any{"amount": 700}))
		answered <- err
	}()
	awaitLogged(t, project, m.ID, 2) // the stake and the bet
	s.API.Kill()
	if err := <-answered; err == nil {
		t.Fatal("the API answered before it was killed: the publish was not blocked")
	}
	if n := figure(t, s.UsersDSN(), `SELECT count(*) FROM ledger WHERE user_id = $1 AND kind = 'hold'`, backer.id); n != 0 {
		t.Fatal("the bet was decided before the sweep: the publish was not blocked")
	}
	between.letThrough(t)
	if err := s.API.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.awaitReward(t, m.ID, 1700)
	if got := backer.cash(t); got != (cash{Available: purse - 700, Held: 700}) {
		t.Errorf("the backer has %+v, want 700 won held, once", got)
	}
	streamer.judge(t, m.ID, "success")
	s.books(t, s.awaitSettled(t, m.ID))
}

// awaitLogged waits until a mission has that many entries in the bet log.
func awaitLogged(t *testing.T, project, missionID string, entries int) {
	t.Helper()
	log, err := firestore.NewClient(t.Context(), project)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	eventually(t, func() string {
		docs, err := log.Collection("missions").Doc(missionID).Collection("bets").Documents(t.Context()).GetAll()
		switch {
		case err != nil:
			return err.Error()
		case len(docs) < entries:
			return "the bet is not in the log"
		}
		return ""
	})
}

// A retry must reach the log entry of the call that died, and publish it.
func TestRule1ARetryAfterTheAPIDiedFinishesTheFirstCall(t *testing.T) {
	t.Parallel()
	var between proxy
	var project string
	s := ownSystem(t, func(c *stand.SystemConfig) {
		between, project = throughProxy(t, c.PubSubHost), c.Project
		c.APIEnv = append(c.APIEnv, between.pubSubOf())
		c.Tick = time.Hour // no sweep helps
	})
	creator, streamer := s.viewer(t, "en", purse), s.streamer(t, "en", nil)
	create := creator.posting("/v1/missions", uuid.NewString(), creator.draft(streamer, purse))
	between.swallow(t)
	answered := make(chan error, 1)
	go func() {
		_, err := s.try(t, create)
		answered <- err
	}()
	var missionID string
	eventually(t, func() string {
		listed := read[list[mission]](t, s.call(t, request{method: "GET", path: "/v1/missions?creator_id=" + creator.id}), http.StatusOK)
		if len(listed.Items) == 0 {
			return "the mission is not there"
		}
		missionID = listed.Items[0].ID
		return ""
	})
	awaitLogged(t, project, missionID, 1)
	s.API.Kill()
	if err := <-answered; err == nil {
		t.Fatal("the API answered before it was killed: the publish was not blocked")
	}
	between.letThrough(t)
	if err := s.API.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if again := read[mission](t, s.call(t, create), http.StatusCreated); again.ID != missionID {
		t.Errorf("the retry made mission %s, want %s of the first call", again.ID, missionID)
	}
	s.await(t, missionID, "active", func(m mission) bool { return m.Status == "active" && m.Reward == purse })
}

// A function dies with SIGKILL after its commit and before its publish. Pub/Sub has no answer, so
// it delivers the bet again, and the step publishes the pot then.
func TestRule13TheRedeliveryPublishesWhatAFunctionThatDiedDidNot(t *testing.T) {
	t.Parallel()
	var between proxy
	s := ownSystem(t, func(c *stand.SystemConfig) {
		between = throughProxy(t, c.PubSubHost)
		c.FunctionsEnv = append(c.FunctionsEnv, between.pubSubOf())
		c.Topics.MinBackoff, c.Topics.MaxBackoff = time.Second, time.Second
		c.Tick = time.Hour // no sweep helps
	})
	backer, streamer := s.viewer(t, "en", purse), s.streamer(t, "en", nil)
	m := s.viewer(t, "en", purse).ask(t, streamer, 1000)
	between.swallow(t)
	if b := backer.bet(t, m.ID, 700); b.Status != "held" {
		t.Fatalf("the bet is %+v, want it held: the commit does not need Pub/Sub", b)
	}
	if got := s.mission(t, m.ID).Reward; got != 1000 {
		t.Fatalf("the board shows %d already: the publish was not blocked", got)
	}
	s.Functions.Kill()
	between.letThrough(t)
	if err := s.Functions.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.awaitReward(t, m.ID, 1700)
	if n := figure(t, s.UsersDSN(), `SELECT count(*) FROM ledger WHERE user_id = $1 AND kind = 'hold'`, backer.id); n != 1 {
		t.Errorf("the ledger has %d holds of the bet, want one", n)
	}
	streamer.judge(t, m.ID, "success")
	s.books(t, s.awaitSettled(t, m.ID))
}
