package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/procfs"

	"example.com/missionpot/internal/auth/token"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/core/mission"
	"example.com/missionpot/internal/rig/stand"
	"example.com/missionpot/internal/store/missionsdb"
	"example.com/missionpot/internal/store/pg"
	"example.com/missionpot/migrations"
)

// system is all of Missionpot with people who can bet and missions that take bets.
type system struct {
	*stand.System
	people   []person
	tokens   []string // access tokens of the people
	missions []uuid.UUID
	client   *rawHTTP
	ledger   *pgxpool.Pool
}

// startSystem fills the databases and starts the programs. There are no ticks: the sweeps would add
// to what is measured, and the check of the books would find the rows that did not come through the
// API.
func startSystem(ctx context.Context, b *Bench, people, missions int, changes ...func(*stand.SystemConfig)) (_ *system, err error) {
	s := &system{people: newPeople(people, rich), missions: newIDs(missions)}
	project := b.name()
	cfg := stand.SystemConfig{
		FirestoreHost: b.servers.Firestore.Host(), PubSubHost: b.servers.PubSub.Host(), Project: project, LogDir: filepath.Join(b.dir, project),
	}
	if cfg.Binaries, err = b.programs(ctx); err != nil {
		return nil, err
	}
	b.status("filling the databases")
	if cfg.UsersDSN, s.ledger, err = b.ledgerDatabase(ctx, s.people, s.missions); err != nil {
		return nil, err
	}
	if cfg.MissionsDSN, err = b.database(ctx, b.servers.Missions, migrations.Missions); err != nil {
		return nil, err
	}
	if err := openMissions(ctx, cfg.MissionsDSN, s.missions); err != nil {
		return nil, err
	}
	if cfg.TokenKeys, err = token.GenerateSet(); err != nil {
		return nil, err
	}
	if s.tokens, err = signTokens(cfg.TokenKeys, s.people); err != nil {
		return nil, err
	}
	for _, change := range changes {
		change(&cfg)
	}
	b.status("starting the system")
	if s.System, err = stand.StartSystem(ctx, cfg); err != nil {
		return nil, err
	}
	b.cleanup(s.Stop)
	s.client = newRawHTTP(s.API, overloadClients)
	b.closing(s.client.close)
	return s, nil
}

// withoutDeliveries leaves the bets in their topic, so that nothing else uses the processors.
func withoutDeliveries(c *stand.SystemConfig) { c.NoDeliveries = true }

// signTokens signs the tokens itself, because a sign-in computes a slow hash.
func signTokens(set []byte, people []person) ([]string, error) {
	keys, err := token.ParseSet(set)
	if err != nil {
		return nil, err
	}
	issuer := &token.Issuer{Keys: keys, Name: "missionpot", Audience: "missionpot", Now: time.Now}
	tokens := make([]string, len(people))
	for i, p := range people {
		if tokens[i], err = issuer.Sign(token.Bearer{User: p.id}); err != nil {
			return nil, err
		}
	}
	return tokens, nil
}

// openMissions makes missions that take bets, each with its stake held.
func openMissions(ctx context.Context, dsn string, missions []uuid.UUID) error {
	pool, err := pg.Open(ctx, pg.Missions, dsn, 1)
	if err != nil {
		return err
	}
	defer pool.Close()
	db := missionsdb.New(pool)
	terms := mission.Terms{AutoAccept: true, MinStake: ledger.MinBet, MaxStake: ledger.MaxBet, Acceptance: time.Hour}
	for _, id := range missions {
		draft := mission.Draft{CreatorID: newID(), StreamerID: newID(), Title: "Bench", Stake: betAmount, TimeLimit: 24 * time.Hour}
		if _, _, err := db.Create(ctx, id, draft, terms, id.String(), id[:]); err != nil {
			return err
		}
		if _, _, err := db.ApplyPot(ctx, ledger.Pot{MissionID: id, Amount: betAmount, Contributors: 1, Version: 1}); err != nil {
			return err
		}
	}
	return nil
}

var betBody = []byte(`{"amount":` + strconv.FormatInt(int64(betAmount), 10) + `}`)

// retryPause is the wait before a rejected bet is retried. Retry-After asks for more; a bench need
// not wait that long.
const retryPause = 200 * time.Millisecond

// bet places a person's bet through the API and returns the bet's id. It retries a rejected bet
// with the same key, as the contract asks.
func (s *system) bet(ctx context.Context, person int, missionID uuid.UUID) (uuid.UUID, error) {
	key := uuid.NewString()
	for {
		status, body, err := s.postBet(ctx, person, missionID, key)
		switch {
		case err != nil:
			return uuid.Nil, err
		case status == http.StatusAccepted, status == http.StatusOK:
			var accepted struct {
				ID uuid.UUID `json:"id"`
			}
			return accepted.ID, json.Unmarshal(body, &accepted)
		case status != http.StatusServiceUnavailable:
			return uuid.Nil, fmt.Errorf("place a bet: status %d: %s", status, body)
		}
		if err := pause(ctx, retryPause); err != nil {
			return uuid.Nil, fmt.Errorf("place a bet: %w: %s", err, body)
		}
	}
}

// postBet sends a person's bet once.
func (s *system) postBet(ctx context.Context, person int, missionID uuid.UUID, key string) (status int, answer []byte, err error) {
	headers := "Authorization: Bearer " + s.tokens[person] + "\r\nIdempotency-Key: " + key + "\r\n"
	return s.client.call(ctx, http.MethodPost, "/v1/missions/"+missionID.String()+"/bets", headers, betBody)
}

// usage is the CPU time and the memory of a process.
type usage struct {
	cpu       time.Duration
	rss, peak uint64 // resident memory now and at its highest, in bytes
}

func usageOf(pid int) (usage, error) {
	process, err := procfs.NewProc(pid)
	if err != nil {
		return usage{}, fmt.Errorf("look at process %d: %w", pid, err)
	}
	stat, err := process.Stat()
	if err != nil {
		return usage{}, fmt.Errorf("look at process %d: %w", pid, err)
	}
	status, err := process.NewStatus()
	if err != nil {
		return usage{}, fmt.Errorf("look at process %d: %w", pid, err)
	}
	return usage{cpu: time.Duration(stat.CPUTime() * float64(time.Second)), rss: status.VmRSS, peak: status.VmHWM}, nil
}
