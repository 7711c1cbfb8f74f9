package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"github.com/google/uuid"

	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/rig/stand"
)

// deadLetter is what an operator sees of a dead letter.
type deadLetter struct {
	ID       string `firestore:"id"`
	Step     string `firestore:"step"`
	Topic    string `firestore:"topic"`
	Data     []byte `firestore:"data"`
	Attempts int    `firestore:"attempts"`
}

// impatient makes messages dead letters within seconds: the fewest attempts that Pub/Sub allows, a
// second apart, which is the least that the emulator waits.
func impatient(c *stand.SystemConfig) {
	c.Topics.Attempts, c.Topics.MinBackoff, c.Topics.MaxBackoff = 5, time.Second, time.Second
}

// refuseRowsOf makes the users database refuse every ledger row of one user until the test drops
// the trigger.
const refuseRowsOf = `
CREATE FUNCTION refuse_one() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'refused' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER refuse_one BEFORE INSERT ON ledger FOR EACH ROW
  WHEN (NEW.user_id = '%s') EXECUTE FUNCTION refuse_one();`

// Four messages can't be handled: a bet the database refuses, a known bet id with other contents, a
// payload that is no bet, and bytes that are nothing at all. Each becomes a dead letter after its
// attempts, without any other message. When the cause is fixed the first is sent again, and only
// then has its outcome.
func TestRule11OnlyAPoisonedMessageBecomesADeadLetterAndCanBeRedriven(t *testing.T) {
	t.Parallel()
	var project string
	s := ownSystem(t, impatient, func(c *stand.SystemConfig) { project = c.Project })
	victim, neighbour, streamer := s.viewer(t, "en", purse), s.viewer(t, "en", purse), s.streamer(t, "en", nil)
	m := s.viewer(t, "en", purse).ask(t, streamer, 1000)
	path := "/v1/missions/" + m.ID + "/bets"
	known := neighbour.bet(t, m.ID, 300)
	execute(t, s.UsersDSN(), fmt.Sprintf(refuseRowsOf, victim.id))

	poisoned := read[bet](t, victim.post(t, path, map[string]any{"amount": 700}), 202)
	s.publishPoison(t, m.ID, known.ID, neighbour.id)
	for _, a := range s.together(t, 10, func() request { return neighbour.waiting(path, map[string]any{"amount": 100}) }) {
		if b := read[bet](t, a, 201); b.Status != "held" {
			t.Errorf("a neighbour of the poison is %+v, want it held", b)
		}
	}
	s.awaitReward(t, m.ID, 1000+300+10*100)

	letters := awaitLetters(t, project, 4)
	var kept deadLetter
	for _, d := range letters {
		if d.Step != "holdbets" || d.Topic != "bets" || d.Attempts < 5 {
			t.Errorf("dead letter %s is of step %q, topic %q, after %d attempts; want holdbets, bets, and at least 5", d.ID, d.Step, d.Topic, d.Attempts)
		}
		if strings.Contains(string(d.Data), poisoned.ID) {
			kept = d
		}
	}
	if kept.ID == "" {
		t.Fatalf("the refused bet is not among the dead letters %+v", letters)
	}
	if b := read[bet](t, victim.get(t, path+"/"+poisoned.ID), 200); b.Status != "pending" || b.Delay == nil || b.Delay.Code != "delayed_safe" {
		t.Errorf("the owner of the dead bet sees %+v, want it pending, delayed and safe", b)
	}
	execute(t, s.UsersDSN(), `DROP TRIGGER refuse_one ON ledger`)
	redrive(t, s, project, kept.ID)
	eventually(t, func() string {
		return differs(read[bet](t, victim.get(t, path+"/"+poisoned.ID), 200).Status, "held")
	})
	s.awaitReward(t, m.ID, 1000+300+10*100+700)
	streamer.judge(t, m.ID, "success")
	s.books(t, s.awaitSettled(t, m.ID))
	if got, want := streamer.cash(t).Available, int64(3000); got != want {
		t.Errorf("the streamer got %d, want %d: every good bet, once", got, want)
	}
}

func differs(got, want string) string {
	if got == want {
		return ""
	}
	return fmt.Sprintf("%q, want %q", got, want)
}

// publishPoison sends three messages to the topic of bets that no attempt can handle.
func (s *fixture) publishPoison(t *testing.T, missionID, knownBet, userID string) {
	t.Helper()
	now := time.Now().UTC()
	forged, err := json.Marshal(map[string]any{
		"bet_id": knownBet, "mission_id": missionID, "user_id": userID, "amount": 9999,
		"logged_at": now, "deadline": now.Add(time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	placed := map[string]string{event.AttributeType: string(event.TypeBetPlaced)}
	for _, p := range []struct {
		data       []byte
		attributes map[string]string
	}{
		{forged, placed},
		{[]byte(`{"bet_id": "` + uuid.NewString() + `", "amount": -5}`), placed},
		{[]byte{0xff, 0xfe, 0, '{'}, nil},
	} {
		if err := s.Bus().PublishRaw(t.Context(), event.Bets, p.data, p.attributes); err != nil {
			t.Fatal(err)
		}
	}
}

// awaitLetters waits until that many dead letters are kept in Firestore.
func awaitLetters(t *testing.T, project string, n int) (letters []deadLetter) {
	t.Helper()
	client, err := firestore.NewClient(t.Context(), project)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	eventually(t, func() string {
		docs, err := client.Collection("dead_letters").Documents(t.Context()).GetAll()
		if err != nil {
			return err.Error()
		}
		letters = make([]deadLetter, len(docs))
		for i, doc := range docs {
			if err := doc.DataTo(&letters[i]); err != nil {
				return err.Error()
			}
		}
		if len(letters) < n {
			return fmt.Sprintf("%d dead letters are kept, want %d", len(letters), n)
		}
		return ""
	})
	if len(letters) != n {
		t.Errorf("%d dead letters are kept, want %d", len(letters), n)
	}
	return letters
}

// redrive runs the operator's command.
func redrive(t *testing.T, s *fixture, project, id string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	command := operatorProgram(t)
	for _, args := range [][]string{{"-as", "kim", "dead-letters"}, {"-as", "kim", "dead-letter", id}, {"-as", "kim", "redrive", id}, {"-as", "lee", "redrive", id}} {
		run := exec.CommandContext(ctx, command, args...)
		run.Env = append(os.Environ(), "GOOGLE_CLOUD_PROJECT="+project, "USERS_DATABASE_URL="+s.UsersDSN())
		text, err := run.CombinedOutput()
		if err != nil || !strings.Contains(string(text), id) {
			t.Fatalf("operator %v: %v\n%s", args, err, text)
		}
	}
}
