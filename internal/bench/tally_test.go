package bench

import (
	"context"
	"os"
	"testing"

	"cloud.google.com/go/firestore"
	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"

	"example.com/missionpot/internal/lab"
	"example.com/missionpot/internal/lab/labtest"
)

func tallyOf(t *testing.T, env string) *tally {
	t.Helper()
	counted, err := startTally(os.Getenv(env))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := counted.close(); err != nil {
			t.Error(err)
		}
	})
	return counted
}

// Not parallel: Firestore's client prefers the environment to its options.
func TestATallyCountsDocumentsThatAreWrittenAndRead(t *testing.T) {
	project := labtest.Firestore(t)
	counted := tallyOf(t, lab.EnvFirestoreHost)
	t.Setenv(lab.EnvFirestoreHost, counted.host)
	client, err := firestore.NewClient(t.Context(), project, lab.EmulatorOptions(counted.host)...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	docs := client.Collection("docs")
	step := func(what string, writes, reads float64, do func(context.Context) error) {
		t.Helper()
		before := counted.so()
		if err := do(t.Context()); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		after := counted.so()
		if w, r := after.writes-before.writes, after.reads-before.reads; w != writes || r != reads {
			t.Errorf("%s: %v writes and %v reads, want %v and %v", what, w, r, writes, reads)
		}
	}
	value := map[string]any{"n": 1}
	step("a document", 1, 0, func(ctx context.Context) error {
		_, err := docs.Doc("a").Create(ctx, value)
		return err
	})
	step("one that is there already", 0, 0, func(ctx context.Context) error {
		if _, err := docs.Doc("a").Create(ctx, value); err == nil {
			t.Error("made twice")
		}
		return nil
	})
	step("three in one transaction, after a read", 3, 1, func(ctx context.Context) error {
		return client.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
			if _, err := tx.Get(docs.Doc("a")); err != nil {
				return err
			}
			for _, id := range []string{"a", "b", "c"} {
				if err := tx.Set(docs.Doc(id), value); err != nil {
					return err
				}
			}
			return nil
		})
	})
	step("a query of three", 0, 3, func(ctx context.Context) error {
		_, err := docs.Documents(ctx).GetAll()
		return err
	})
	step("a query of nothing", 0, 1, func(ctx context.Context) error {
		_, err := docs.Where("n", "==", 2).Documents(ctx).GetAll()
		return err
	})
}

func TestATallyCountsWhatIsPublishedByTopic(t *testing.T) {
	t.Parallel()
	project := labtest.PubSub(t)
	counted := tallyOf(t, lab.EnvPubSubHost)
	client, err := pubsub.NewClient(t.Context(), project, lab.EmulatorOptions(counted.host)...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	topic := "projects/" + project + "/topics/counted"
	if _, err := client.TopicAdminClient.CreateTopic(t.Context(), &pubsubpb.Topic{Name: topic}); err != nil {
		t.Fatal(err)
	}
	publisher := client.Publisher(topic)
	for _, size := range []int{100, 5000} {
		if _, err := publisher.Publish(t.Context(), &pubsub.Message{Data: make([]byte, size)}).Get(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	want := volume{messages: 2, sent: pubsubLeast + 5000 + idAndTime, delivered: pubsubLeast + 5000 + idAndTime}
	if got := counted.so().published["counted"]; got != want {
		t.Errorf("counted %+v, want %+v", got, want)
	}
}
