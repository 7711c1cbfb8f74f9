package bench

import (
	"context"
	"fmt"
	"os"

	"cloud.google.com/go/firestore"
	"github.com/google/uuid"

	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/rig/stand"
)

// betClients is how many clients bet at once. Far fewer already saturate the emulators.
const betClients = 64

func apiBet() Experiment {
	const api, bare, apiCPU, bareCPU = "API", "bare loop", "API, CPU", "bare loop, CPU"
	return Experiment{
		Name: "bet",
		Rows: []Row{
			{Name: "api_bet", What: "bets accepted by the API, against a loop that only creates the document and publishes", Unit: "bets/s",
				Value: api, Baseline: []string{bare}, Goal: Goal{AtLeast: 0.85}},
			{Name: "api_bet_cpu", What: "CPU of the API's process per bet, against that of the loop's process", Unit: "µs",
				Value: apiCPU, Baseline: []string{bareCPU}},
		},
		Setup: func(ctx context.Context, b *Bench) ([]Subject, error) {
			s, err := startSystem(ctx, b, 1000, 1, withoutDeliveries)
			if err != nil {
				return nil, err
			}
			log, err := firestore.NewClient(ctx, s.Project(), stand.EmulatorOptions(b.servers.Firestore.Host())...)
			if err != nil {
				return nil, fmt.Errorf("open Firestore: %w", err)
			}
			b.cleanup(log.Close)
			through := func(ctx context.Context, c *caller) error {
				_, err := s.bet(ctx, c.rand.IntN(len(s.people)), s.missions[0])
				return err
			}
			subjects := []Subject{
				betting(b, api, apiCPU, s.API.Process().PID(), through),
				betting(b, bare, bareCPU, os.Getpid(), bareBet(s, log.Collection("missions").Doc(newID().String()).Collection("bets"))),
			}
			return subjects, b.warm(ctx, subjects)
		},
	}
}

// warm runs each subject once without counting it: the emulators compile their code while they run,
// and the first subject would pay for that.
func (b *Bench) warm(ctx context.Context, subjects []Subject) error {
	b.status("warming the emulators")
	for _, s := range subjects {
		if _, err := s.Measure(ctx); err != nil {
			return fmt.Errorf("warm %s: %w", s.Name, err)
		}
	}
	return nil
}

// betting measures bets per second and what each costs a process.
func betting(b *Bench, name, cpu string, pid int, bet call) Subject {
	return Subject{Name: name, Measure: func(ctx context.Context) (Figures, error) {
		before, err := usageOf(pid)
		if err != nil {
			return nil, err
		}
		perSecond, calls, err := crowd(ctx, b.Scale, betClients, bet)
		if err != nil {
			return nil, err
		}
		after, err := usageOf(pid)
		return Figures{name: perSecond, cpu: float64((after.cpu - before.cpu).Microseconds()) / calls}, err
	}}
}

// bareBet does the least that accepting a bet needs: it creates the document, as the log has it,
// and publishes the message.
func bareBet(s *system, bets *firestore.CollectionRef) call {
	return func(ctx context.Context, c *caller) error {
		bet := newBet(s.missions[0], s.people[c.rand.IntN(len(s.people))])
		written, err := bets.Doc(uuid.NewString()).Create(ctx, map[string]any{
			"bet_id": bet.ID.String(), "mission_id": bet.MissionID.String(), "user_id": bet.UserID.String(), "amount": int64(bet.Amount),
			"kind": "bet", "request_hash": make([]byte, 32), "deadline": bet.Deadline, "shard": c.rand.IntN(ledger.Shards),
			"placed_at": firestore.ServerTimestamp,
		})
		if err != nil {
			return fmt.Errorf("create a document: %w", err)
		}
		bet.LoggedAt = written.UpdateTime
		return s.Bus().Publish(ctx, event.NewBetPlaced(bet))
	}
}
