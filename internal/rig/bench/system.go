package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/procfs"

	"example.com/missionpot/internal/auth/token"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/core/mission"
	"example.com/missionpot/internal/rig/stand"
	"example.com/missionpot/internal/store/missionsdb"
	"example.com/missionpot/internal/store/pg"
)

// system is all of Missionpot with people who can bet and missions that take bets.
type system struct {
	*stand.System
	people   []person
	tokens   []string // access tokens of the people
	missions []uuid.UUID
	client   *http.Client
}

// startSystem fills the databases and starts the programs. There are no ticks: the sweeps would add
// to what is measured, and the check of the books would find the rows that did not come through the
// API.
func startSystem(ctx context.Context, b *Bench, people, missions int, changes ...func(*stand.SystemConfig)) (*system, error) {
	b.Status("building the programs")
	programs, err := b.Stand.Programs(ctx)
	if err != nil {
		return nil, err
	}
	s := &system{people: newPeople(people, rich), missions: newIDs(missions), client: newClient()}
	b.Cleanup(func() error { s.client.CloseIdleConnections(); return nil })
	cfg := stand.SystemConfig{Binaries: programs.Binaries}
	if err := s.fill(ctx, b, &cfg); err != nil {
		return nil, err
	}
	servers, number := b.Stand.Servers(), b.Stand.names.Add(1)
	cfg.FirestoreHost, cfg.PubSubHost = servers.Firestore.Host(), servers.PubSub.Host()
	cfg.Project = "bench-" + strconv.FormatInt(number, 10)
	cfg.LogDir = filepath.Join(b.Stand.scratch.Dir, cfg.Project)
	for _, change := range changes {
		change(&cfg)
	}
	b.Status("starting the system")
	if s.System, err = stand.StartSystem(ctx, cfg); err != nil {
		return nil, err
	}
	b.Cleanup(s.Stop)
	return s, nil
}

func (s *system) fill(ctx context.Context, b *Bench, cfg *stand.SystemConfig) (err error) {
	b.Status("filling the databases")
	if cfg.UsersDSN, err = b.UsersDatabase(ctx); err != nil {
		return err
	}
	if cfg.MissionsDSN, err = b.MissionsDatabase(ctx); err != nil {
		return err
	}
	if err := fillLedger(ctx, b, cfg.UsersDSN, s.people, s.missions); err != nil {
		return err
	}
	if err := openMissions(ctx, cfg.MissionsDSN, s.missions); err != nil {
		return err
	}
	if cfg.TokenKeys, err = token.GenerateSet(); err != nil {
		return err
	}
	s.tokens, err = signTokens(cfg.TokenKeys, s.people)
	return err
}

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
		if _, _, err := db.ApplyPot(ctx, ledger.Pot{MissionID: id, Total: betAmount, Contributors: 1, Version: 1}); err != nil {
			return err
		}
	}
	return nil
}

// newClient makes a client that keeps a connection for each caller of a crowd.
func newClient() *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConns: 1000, MaxIdleConnsPerHost: 1000, DisableCompression: true}, Timeout: time.Minute}
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

func (s *system) postBet(ctx context.Context, person int, missionID uuid.UUID, key string) (status int, body []byte, err error) {
	url := s.API.URL() + "/v1/missions/" + missionID.String() + "/bets"
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(betBody))
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Authorization", "Bearer "+s.tokens[person])
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", key)
	answer, err := s.client.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close()
	body, err = io.ReadAll(answer.Body)
	return answer.StatusCode, body, err
}

// usage is the CPU time and the memory of a process.
type usage struct {
	cpu time.Duration
	rss int // bytes
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
	return usage{cpu: time.Duration(stat.CPUTime() * float64(time.Second)), rss: stat.ResidentMemory()}, nil
}
