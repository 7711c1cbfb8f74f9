package stand_test

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"github.com/google/uuid"
	"google.golang.org/api/option"
	"google.golang.org/grpc"

	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/rig/stand"
	"example.com/missionpot/internal/rig/standtest"
)

// quiet is longer than the client library waits for an answer to its ping before it
// gives a stream up: a ping after 30 s, then 15 s of patience, looked at every 10 s.
const quiet = 53 * time.Second

// A stream that was given up still gets the next message from the emulator, and each one
// delays it: after two quiet minutes by half a minute. So no stream may ever be given up,
// and this need not wait for more than the first.
func TestAPauseGivesNoStreamUpAndDelaysNothing(t *testing.T) {
	t.Parallel()
	var opened atomic.Int64
	count := func(ctx context.Context, d *grpc.StreamDesc, cc *grpc.ClientConn, method string, next grpc.Streamer, o ...grpc.CallOption) (grpc.ClientStream, error) {
		if strings.HasSuffix(method, "/StreamingPull") {
			opened.Add(1)
		}
		return next(ctx, d, cc, method, o...)
	}
	client, err := pubsub.NewClient(context.Background(), standtest.PubSub(t), option.WithGRPCDialOption(grpc.WithChainStreamInterceptor(count)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	functions := newFunctions(t, func(string, int) int { return http.StatusNoContent })
	b := pumpFrom(t, client, functions, stand.TopicOptions{})
	time.Sleep(quiet) // it is what is tested
	if want := int64(len(event.Pipeline()) + len(event.DeadLetters())); opened.Load() != want {
		t.Errorf("%d streams were opened for %d subscriptions", opened.Load(), want)
	}
	published := time.Now()
	if err := b.Publish(t.Context(), event.Tick{At: published}); err != nil {
		t.Fatal(err)
	}
	functions.wait(t, "SweepBets", 1)
	if took := time.Since(published); took > 5*time.Second {
		t.Errorf("the first message after %s came after %s, want moments", quiet, took)
	}
}

// Messages keep coming while the pump stops: no push may start once it waits for those
// under way.
func TestAPumpStopsWhileMessagesKeepComing(t *testing.T) {
	t.Parallel()
	client := openPubSub(t)
	if err := stand.MakeTopics(t.Context(), client, stand.TopicOptions{}); err != nil {
		t.Fatal(err)
	}
	b := openBus(t, client.Project())
	pushed := make(chan struct{}, 1)
	functions := newFunctions(t, func(string, int) int {
		select {
		case pushed <- struct{}{}:
		default:
		}
		return http.StatusNoContent
	})
	for range 10 {
		ctx, stop := context.WithCancel(t.Context())
		stopped := make(chan struct{})
		go func() { defer close(stopped); stand.NewPump(client, functions.url).Run(ctx) }()
		go func() {
			for ctx.Err() == nil {
				pots := make([]event.Event, 50)
				for i := range pots {
					pots[i] = event.PotChanged{MissionID: uuid.New(), Amount: 1, Contributors: 1, Version: 1}
				}
				_ = b.Publish(ctx, pots...) // ends with the pump
			}
		}()
		<-pushed
		stop()
		<-stopped
	}
}
