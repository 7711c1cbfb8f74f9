package bench

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/GoogleCloudPlatform/functions-framework-go/funcframework"
	"github.com/GoogleCloudPlatform/functions-framework-go/functions"
	"github.com/google/uuid"

	"example.com/missionpot/internal/cloud/push"
	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/rig/stand"
)

// EnvNaiveDSN is the address of the naive function's database.
const EnvNaiveDSN = "MISSIONPOT_BENCH_NAIVE_DSN"

const (
	pushed      = "HoldBets, 256 in flight"
	pushFlights = 256
	// naiveFunction is the naive function's name in the registry.
	naiveFunction = "NaiveHold"
)

func pushHot() Experiment {
	return Experiment{
		Name: "push",
		Rows: []Row{{Name: "push_hot", What: "one hot mission through the function's own push boundary, 256 in flight, against the naive way behind the same",
			Unit: "bets/s", Value: pushed, Baseline: naiveNames(naiveClients), Goal: Goal{AtLeast: 10}}},
		Setup: func(ctx context.Context, b *Bench) ([]Subject, error) {
			s, err := startSystem(ctx, b, b.Scale.Users, 1, withoutDeliveries)
			if err != nil {
				return nil, err
			}
			bets := onAny(s.people, s.missions)
			subjects := []Subject{pushing(b, pushed, pushFlights, s.Functions, "HoldBets", bets)}
			for range 3 {
				if err := b.warm(ctx, subjects); err != nil {
					return nil, err
				}
			}
			plain, err := startNaive(ctx, b, s.people, s.missions)
			if err != nil {
				return nil, err
			}
			for _, clients := range naiveClients {
				subjects = append(subjects, pushing(b, naiveName(clients), clients, plain, naiveFunction, bets))
			}
			return subjects, nil
		},
	}
}

// startNaive runs this program once more, as a function of the naive way.
func startNaive(ctx context.Context, b *Bench, people []person, missions []uuid.UUID) (*stand.Service, error) {
	dsn, err := b.naiveDatabase(ctx, people, missions)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	port, err := stand.FreePort()
	if err != nil {
		return nil, err
	}
	env := slices.Concat(os.Environ(), stand.CollectorEnv(), []string{EnvNaiveDSN + "=" + dsn, "PORT=" + strconv.Itoa(port)})
	service := stand.NewService(stand.Program{
		Name: "naive", Path: self, Args: []string{"serve-naive"}, Env: env, LogFile: filepath.Join(b.dir, "naive.log"),
	}, port, "")
	b.closing(service.Kill)
	return service, service.Start(ctx)
}

// ServeNaive serves the naive way as a function, with the same framework and the same decoding of a
// push.
func ServeNaive(ctx context.Context) error {
	pool, err := openPool(ctx, os.Getenv(EnvNaiveDSN), crowdClients)
	if err != nil {
		return err
	}
	n := &naive{pool}
	functions.HTTP(naiveFunction, push.Handler(func(ctx context.Context, e event.Event) error {
		placed, ok := e.(event.BetPlaced)
		if !ok {
			return fmt.Errorf("%w: %s", event.ErrMalformed, e.Type())
		}
		return n.holdUntilDone(ctx, placed.Bet())
	}, 20*time.Second))
	return funcframework.StartHostPort("127.0.0.1", os.Getenv("PORT"))
}

// pushing pushes bets to a function, each as Pub/Sub would.
func pushing(b *Bench, name string, flights int, service *stand.Service, function string, bets place) Subject {
	client := newRawHTTP(service, flights)
	b.closing(client.close)
	return throughput(name, b.Scale, flights, func(ctx context.Context, c *caller) error {
		body, err := pushOf(bets(c))
		if err != nil {
			return err
		}
		status, answer, err := client.call(ctx, http.MethodPost, "/"+function, "", body)
		if err == nil && status != http.StatusNoContent {
			err = fmt.Errorf("status %d: %s", status, answer)
		}
		return err
	})
}

// pushOf returns the body of a bet's push: https://cloud.google.com/pubsub/docs/push#receive_push
// The envelope is written by hand: two passes of a JSON library would take as long as the function
// does.
func pushOf(bet ledger.Bet) ([]byte, error) {
	e := event.NewBetPlaced(bet)
	data, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	b := append(make([]byte, 0, 1024), `{"message":{"data":"`...)
	b = base64.StdEncoding.AppendEncode(b, data)
	b = fmt.Appendf(b, `","messageId":"%s","publishTime":"%s","attributes":{"%s":"%s","%s":"%s"}},`, bet.ID, bet.LoggedAt.Format(time.RFC3339Nano),
		event.AttributeType, e.Type(), event.AttributeMission, bet.MissionID)
	return append(b, `"subscription":"projects/bench/subscriptions/holdbets-bets","deliveryAttempt":1}`...), nil
}
