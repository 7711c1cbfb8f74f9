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

	"cloud.google.com/go/pubsub/v2"
	"github.com/GoogleCloudPlatform/functions-framework-go/funcframework"
	"github.com/GoogleCloudPlatform/functions-framework-go/functions"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

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
	// naiveName is the naive function's name in the registry.
	naiveFunction = "NaiveHold"
)

func pushHot() Experiment {
	return Experiment{
		Name: "push",
		Rows: []Row{{Name: "push_hot", What: "one hot mission through the function's own push boundary, 256 in flight, against the naive way behind the same",
			Unit: "bets/s", Value: pushed, Baseline: naiveNames(naiveClients), Goal: Goal{AtLeast: 10}}},
		Setup: func(ctx context.Context, b *Bench) ([]Subject, error) {
			people, missions := newPeople(b.Scale.Users, rich), newIDs(1)
			bets := onAny(people, missions)
			held, err := startHoldBets(ctx, b, people, missions)
			if err != nil {
				return nil, err
			}
			plain, err := startNaive(ctx, b, people, missions)
			if err != nil {
				return nil, err
			}
			subjects := []Subject{pushing(b, pushed, pushFlights, held, "HoldBets", bets)}
			for range 3 {
				if err := warm(ctx, b, subjects); err != nil {
					return nil, err
				}
			}
			for _, clients := range naiveClients {
				subjects = append(subjects, pushing(b, naiveName(clients), clients, plain, naiveFunction, bets))
			}
			return subjects, nil
		},
	}
}

// startHoldBets runs the functions as they are built, with a ledger, a Pub/Sub
// of their own and the logging of the cloud.
func startHoldBets(ctx context.Context, b *Bench, people []person, missions []uuid.UUID) (port int, err error) {
	dsn, err := b.UsersDatabase(ctx)
	if err != nil {
		return 0, err
	}
	if err := fillLedger(ctx, b, dsn, people, missions); err != nil {
		return 0, err
	}
	programs, err := b.Stand.Programs(ctx)
	if err != nil {
		return 0, err
	}
	project := "bench-push"
	servers := b.Stand.Servers()
	client, err := pubsub.NewClient(ctx, project, stand.EmulatorOptions(servers.PubSub.Host())...)
	if err != nil {
		return 0, fmt.Errorf("open Pub/Sub: %w", err)
	}
	b.Cleanup(client.Close)
	if err := stand.MakeTopics(ctx, client, stand.TopicOptions{}); err != nil {
		return 0, err
	}
	env := append(servers.EmulatorEnv(), "GOOGLE_CLOUD_PROJECT="+project, "USERS_DATABASE_URL="+dsn, "PUSH_TOKENS=off")
	return startFunctions(ctx, b, "functions", programs.Functions, nil, env)
}

// startNaive runs this program once more, as a function of the naive way.
func startNaive(ctx context.Context, b *Bench, people []person, missions []uuid.UUID) (port int, err error) {
	dsn, err := b.EmptyDatabase(ctx)
	if err != nil {
		return 0, err
	}
	if _, err := openNaive(ctx, b, dsn, 1, people, missions); err != nil {
		return 0, err
	}
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	return startFunctions(ctx, b, "naive", self, []string{"serve-naive"}, []string{EnvNaiveDSN + "=" + dsn})
}

func startFunctions(ctx context.Context, b *Bench, name, path string, args, env []string) (port int, err error) {
	if port, err = stand.FreePort(); err != nil {
		return 0, err
	}
	env = slices.Concat(os.Environ(), stand.CollectorEnv(), env, []string{"PORT=" + strconv.Itoa(port)})
	service := stand.NewService(stand.Program{
		Name: name, Path: path, Args: args, Env: env, LogFile: filepath.Join(b.Stand.scratch.Dir, name+".log"),
	}, port, "")
	if err := service.Start(ctx); err != nil {
		return 0, err
	}
	b.Cleanup(func() error { service.Kill(); return nil })
	return port, nil
}

// ServeNaive serves the naive way as a function, with the same framework and the same decoding of a
// push.
func ServeNaive(ctx context.Context) error {
	config, err := pgxpool.ParseConfig(os.Getenv(EnvNaiveDSN))
	if err != nil {
		return fmt.Errorf("read a database's address: %w", err)
	}
	config.MaxConns = crowdClients
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("open a database: %w", err)
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
func pushing(b *Bench, name string, flights, port int, function string, bets place) Subject {
	return Subject{Name: name, Measure: func(ctx context.Context) (Figures, error) {
		connections := make([]*rawHTTP, flights)
		for i := range connections {
			c, err := dialHTTP(ctx, port, "/"+function)
			if err != nil {
				return nil, err
			}
			defer c.close()
			connections[i] = c
		}
		perSecond, err := crowd(ctx, b, flights, func(ctx context.Context, c *caller) error {
			body, err := pushOf(bets(c))
			if err != nil {
				return err
			}
			return connections[c.number].post(ctx, body, http.StatusNoContent)
		})
		return Figures{name: perSecond}, err
	}}
}

// pushOf returns the body of a bet's push. The envelope is written by hand: two passes of a JSON
// library would take as long as the function does.
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
	return append(b, `"subscription":"projects/bench-push/subscriptions/holdbets-bets","deliveryAttempt":1}`...), nil
}
