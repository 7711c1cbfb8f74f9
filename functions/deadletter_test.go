package functions

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"github.com/google/uuid"

	"example.com/missionpot/internal/cloud/bus"
	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/rig/stand"
	"example.com/missionpot/internal/rig/storetest"
	"example.com/missionpot/internal/store/deadletter"
)

// A message that can't be handled is kept after its last attempt. Once the
// cause is fixed, sending it again settles the mission. The test uses Pub/Sub's
// own retries and dead-letter topics. Not parallel: settings are the process's
// environment.
func TestAPoisonedMessageIsKeptAndARedriveSettlesIt(t *testing.T) {
	setenv(t)
	l := storetest.NewUsers(t)
	t.Setenv("USERS_DATABASE_URL", l.Pool.Config().ConnString())
	wire := serve(t)
	letters, err := deadletter.Open(context.Background(), os.Getenv("GOOGLE_CLOUD_PROJECT"), "(default)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = letters.Close() })

	// The streamer has no wallet, so no attempt can pay the pot.
	creator, streamer := l.User(500), uuid.Must(uuid.NewV7())
	mission := l.Mission(creator, 500)
	verdict := event.VerdictGiven{
		MissionID: mission, Ending: ledger.Succeeded, StreamerID: streamer, CreatorID: creator, Title: "boss", DecidedAt: time.Now(),
	}
	if err := wire.Publish(t.Context(), verdict); err != nil {
		t.Fatal(err)
	}
	if err := wire.PublishRaw(t.Context(), event.Bets, []byte("not JSON"), map[string]string{"type": "bet_placed"}); err != nil {
		t.Fatal(err)
	}
	kept := map[string]event.DeadLetter{}
	eventually(t, "both dead letters are kept", func() bool {
		found, err := letters.List(t.Context(), event.DeadLetterFilter{Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range found {
			kept[d.Step] = d
		}
		return len(found) == 2
	})
	if d := kept["holdbets"]; string(d.Data) != "not JSON" || d.Topic != event.Bets || d.Attempts < 5 {
		t.Errorf("the malformed bet is kept as %+v", d)
	}

	l.UserUnder(streamer, 0)
	if _, err := letters.Redrive(t.Context(), kept["settlemission"].ID, "test", wire.PublishRaw); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the streamer is paid", func() bool { return l.Cash(streamer) == 500 })
}

// serve runs all functions behind the pushes of a Pub/Sub of the test's own,
// with the fewest attempts that Pub/Sub allows and a very short back-off.
func serve(t *testing.T) *bus.Bus {
	t.Helper()
	mux := http.NewServeMux()
	for name, build := range all() {
		mux.HandleFunc("/"+name, lazily(row(name), build))
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	project := os.Getenv("GOOGLE_CLOUD_PROJECT")
	client, err := pubsub.NewClient(context.Background(), project)
	if err != nil {
		t.Fatal(err)
	}
	err = stand.MakeTopics(t.Context(), client, stand.TopicOptions{Attempts: 5, MinBackoff: 50 * time.Millisecond, MaxBackoff: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var pump sync.WaitGroup
	pump.Go(func() {
		stand.NewPump(client, func(function string) string { return server.URL + "/" + function }).Run(ctx)
	})
	wire, err := bus.Open(context.Background(), project)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		pump.Wait()
		if err := wire.Close(); err != nil {
			t.Error(err)
		}
		_ = client.Close()
	})
	return wire
}

// eventually polls until the condition holds.
func eventually(t *testing.T, what string, yes func() bool) {
	t.Helper()
	for deadline := time.Now().Add(40 * time.Second); !yes(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited too long until %s", what)
		}
	}
}
