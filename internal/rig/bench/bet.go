package bench

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"time"

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
				Value: apiCPU, Baseline: []string{bareCPU}, Less: true},
		},
		Setup: func(ctx context.Context, b *Bench) ([]Subject, error) {
			// Nothing is subscribed to the topic, so nothing else uses the processors.
			s, err := startSystem(ctx, b, 1000, 1, func(c *stand.SystemConfig) { c.NoDeliveries = true })
			if err != nil {
				return nil, err
			}
			plain, err := openBareLog(ctx, b, s)
			if err != nil {
				return nil, err
			}
			through := func(ctx context.Context, c *caller) error {
				_, err := s.bet(ctx, c.rand.IntN(len(s.people)), s.missions[0])
				return err
			}
			subjects := []Subject{
				betting(b, api, apiCPU, s.API.Process().PID(), through),
				betting(b, bare, bareCPU, os.Getpid(), plain.bet),
			}
			return subjects, warm(ctx, b, subjects)
		},
	}
}

// warm runs each subject once without counting it: the emulators compile their code while they run,
// and the first subject would pay for that.
func warm(ctx context.Context, b *Bench, subjects []Subject) error {
	b.Status("warming the emulators")
	for _, s := range subjects {
		if _, err := s.Measure(ctx); err != nil {
			return fmt.Errorf("warm %s: %w", s.Name, err)
		}
	}
	return nil
}

// betting measures bets per second and what each costs a process.
func betting(b *Bench, name, cpu string, pid int, bet func(context.Context, *caller) error) Subject {
	return Subject{Name: name, Measure: func(ctx context.Context) (Figures, error) {
		before, err := usageOf(pid)
		if err != nil {
			return nil, err
		}
		var bets atomic.Int64
		perSecond, err := crowd(ctx, b, betClients, func(ctx context.Context, c *caller) error {
			bets.Add(1)
			return bet(ctx, c)
		})
		if err != nil {
			return nil, err
		}
		after, err := usageOf(pid)
		return Figures{name: perSecond, cpu: float64((after.cpu - before.cpu).Microseconds()) / float64(bets.Load())}, err
	}}
}

// bareLog does the least that accepting a bet needs: it creates the document and publishes the
// message.
type bareLog struct {
	*system
	bets *firestore.CollectionRef
}

func openBareLog(ctx context.Context, b *Bench, s *system) (*bareLog, error) {
	client, err := firestore.NewClient(ctx, s.Project(), stand.EmulatorOptions(b.Stand.Servers().Firestore.Host())...)
	if err != nil {
		return nil, fmt.Errorf("open Firestore: %w", err)
	}
	b.Cleanup(client.Close)
	return &bareLog{system: s, bets: client.Collection("missions").Doc(newID().String()).Collection("bets")}, nil
}

// bareBet is the document of the log, field by field.
type bareBet struct {
	BetID       string    `firestore:"bet_id"`
	MissionID   string    `firestore:"mission_id"`
	UserID      string    `firestore:"user_id"`
	Amount      int64     `firestore:"amount"`
	Kind        string    `firestore:"kind"`
	RequestHash []byte    `firestore:"request_hash"`
	Deadline    time.Time `firestore:"deadline"`
	Shard       int       `firestore:"shard"`
	PlacedAt    time.Time `firestore:"placed_at,serverTimestamp"`
}

func (l *bareLog) bet(ctx context.Context, c *caller) error {
	bet := ledger.Bet{
		ID: newID(), MissionID: l.missions[0], UserID: l.people[c.rand.IntN(len(l.people))].id, Amount: betAmount,
		Deadline: time.Now().Add(time.Hour),
	}
	written, err := l.bets.Doc(uuid.NewString()).Create(ctx, bareBet{
		BetID: bet.ID.String(), MissionID: bet.MissionID.String(), UserID: bet.UserID.String(), Amount: int64(bet.Amount),
		Kind: "bet", RequestHash: make([]byte, 32), Deadline: bet.Deadline, Shard: c.rand.IntN(16),
	})
	if err != nil {
		return fmt.Errorf("create a document: %w", err)
	}
	bet.LoggedAt = written.UpdateTime
	return l.Bus().Publish(ctx, event.NewBetPlaced(bet))
}
