package api_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/missionpot/internal/api"
	"example.com/missionpot/internal/core/mission"
	"example.com/missionpot/internal/core/reconcile"
)

// keepCheck writes a check down as the checker would.
func (s *stand) keepCheck(broken int) {
	s.t.Helper()
	_, err := s.users.Pool.Exec(s.t.Context(), `INSERT INTO books_checks
		(whole, started_at, charged, wallets, held, put_in, paid, refunded, broken, late, findings)
		VALUES (true, '2026-11-25T00:00:00Z', 9000, 5000, 4000, 6000, 1500, 500, $1, 2, '[]')`, broken)
	s.ok(err)
}

// slack is for a machine that is busy with other tests.
const slack = 10 * time.Second

func TestTheSwitchStopsNewCashWithinTwoSecondsAndNothingElse(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina, jun := s.viewer("mina", 10_000), s.signUp("jun", true)
	m := s.mission(mina, jun, 1_000)
	if got := s.get("/v1/missions/"+m.ID.String(), "").header.Get("Missionpot-Mode"); got != "open" {
		t.Errorf("the mode of an answer is %q, want open", got)
	}
	if _, err := s.users.Books.TakeNoCash(t.Context(), "the test", "a drill"); err != nil {
		t.Fatal(err)
	}
	thrown := time.Now()
	for s.postKeyed("/v1/users/me/charges", mina.token, object{"amount": 700}).status != http.StatusServiceUnavailable {
		if time.Since(thrown) > 2*time.Second+slack {
			t.Fatal("cash is still taken two seconds after the switch was thrown")
		}
	}
	s.postKeyed(betsOf(m), mina.token, object{"amount": 300}).refused(http.StatusServiceUnavailable, "exit_only")
	s.postKeyed("/v1/missions", mina.token, draft(jun, 2_000)).refused(http.StatusServiceUnavailable, "exit_only")
	shown := s.get("/v1/missions/"+m.ID.String(), "").want(http.StatusOK)
	if got := shown.header.Get("Missionpot-Mode"); got != "exit_only" {
		t.Errorf("the mode of a read is %q, want exit_only", got)
	}
	if got := read[mission.Snapshot](s.call(http.MethodPost, "/v1/missions/"+m.ID.String()+"/success", jun.token, nil).want(http.StatusOK)); got.Status != mission.Succeeded {
		t.Errorf("the mission is %s, want succeeded: verdicts go on", got.Status)
	}
	if cash := s.cash(jun); cash.Available != 1_000 {
		t.Errorf("the streamer has %v, want the pot of 1,000 won", cash.Available)
	}
}

func TestCashIsNotTakenByBooksThatNobodyHasCheckedForLong(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina := s.viewer("mina", 10_000)
	s.keepCheck(0)
	_, err := s.users.Pool.Exec(t.Context(), `UPDATE books_checks SET finished_at = finished_at - interval '31 minutes'`)
	s.ok(err)
	charge := func() reply { return s.postKeyed("/v1/users/me/charges", mina.token, object{"amount": 700}) }
	for began := time.Now(); charge().status != http.StatusServiceUnavailable; {
		if time.Since(began) > 3*time.Second+slack {
			t.Fatal("cash is taken though the last check is 31 minutes old")
		}
	}
	if got := read[api.Proof](s.get("/v1/books", "").want(http.StatusOK)).Mode; got != "exit_only" {
		t.Errorf("the proof says %q, want exit_only", got)
	}
	s.keepCheck(0)
	for began := time.Now(); charge().status != http.StatusCreated; {
		if time.Since(began) > 3*time.Second+slack {
			t.Fatal("cash is not taken after the next check")
		}
	}
}

func TestAProbeAsksForNoMode(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	if got := s.get("/healthz", "").want(http.StatusOK).header.Get("Missionpot-Mode"); got != "" {
		t.Errorf("a probe gets the mode %q, want nothing: it must not read it", got)
	}
}

func TestThePublicProofIsTheLastCheck(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.keepCheck(0)
	answer := s.get("/v1/books", "").want(http.StatusOK)
	want := api.Proof{
		Mode: "open", CheckedAt: time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC), Clean: true, Findings: api.ProofFindings{Late: 2},
		Cash: api.ProofCash{Charged: 9000, Wallets: 5000, Held: 4000},
		Pots: api.ProofPots{PutIn: 6000, Paid: 1500, Refunded: 500, Held: 4000},
	}
	if diff := cmp.Diff(want, read[api.Proof](answer)); diff != "" {
		t.Errorf("the proof (-want +got):\n%s", diff)
	}
	if got := answer.header.Values("Cache-Control"); len(got) != 1 || got[0] != "public, max-age=5" {
		t.Errorf("Cache-Control is %q, want that others may keep it for 5 s", got)
	}
}

func TestWithoutACheckThereIsNoProof(t *testing.T) {
	t.Parallel()
	newStand(t).get("/v1/books", "").refused(http.StatusServiceUnavailable, "unavailable")
}

func TestABrokenRuleIsPublic(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.keepCheck(3)
	if _, err := s.users.Books.TakeNoCash(t.Context(), "the check", "three findings"); err != nil {
		t.Fatal(err)
	}
	proof := read[api.Proof](s.get("/v1/books", "").want(http.StatusOK))
	if proof.Clean || proof.Findings.Broken != 3 || proof.Mode != "exit_only" || proof.ModeSince == nil {
		t.Errorf("the proof is %+v, want three broken rules and exit-only with its time", proof)
	}
}

// counted counts what is asked of the database, and may be down.
type counted struct {
	mu   sync.Mutex
	asks int
	down bool
}

var errDown = errors.New("down")

func (c *counted) ask() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asks++
	if c.down {
		return errDown
	}
	return nil
}

func (c *counted) fail(down bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.down, c.asks = down, 0
}

func (c *counted) Mode(context.Context) (reconcile.Mode, error) { return reconcile.Mode{}, c.ask() }

func (c *counted) LastCheck(context.Context) (reconcile.Report, bool, error) {
	return reconcile.Report{}, true, c.ask()
}

func TestAskingForTheProofIsNoWayToLoadTheDatabase(t *testing.T) {
	t.Parallel()
	var c counted
	start := time.Now()
	s := newStand(t, func(_ *stand, d *api.Dependencies) { d.Checks, d.Now = &c, func() time.Time { return start } })
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			for range 10 {
				s.get("/v1/books", "").want(http.StatusOK)
			}
		})
	}
	all.Wait()
	// The clock stands still, so nothing grows old: whoever comes first may overlap.
	if c.asks > 10 {
		t.Errorf("200 calls asked the database %d times, want a few", c.asks)
	}
}

func TestAnInstanceThatCannotLearnTheModeTakesNoCash(t *testing.T) {
	t.Parallel()
	var c counted
	clock := struct {
		sync.Mutex
		now time.Time
	}{now: time.Now()}
	now := func() time.Time {
		clock.Lock()
		defer clock.Unlock()
		return clock.now
	}
	s := newStand(t, func(_ *stand, d *api.Dependencies) { d.Checks, d.Now = &c, now })
	mina := s.viewer("mina", 10_000)
	c.fail(true)
	later := func(by time.Duration) {
		clock.Lock()
		defer clock.Unlock()
		clock.now = clock.now.Add(by)
	}
	later(5 * time.Second)
	s.postKeyed("/v1/users/me/charges", mina.token, object{"amount": 700}).want(http.StatusCreated)
	later(6 * time.Second)
	s.postKeyed("/v1/users/me/charges", mina.token, object{"amount": 700}).refused(http.StatusServiceUnavailable, "unavailable")
	c.fail(false)
	later(time.Second)
	s.postKeyed("/v1/users/me/charges", mina.token, object{"amount": 700}).want(http.StatusCreated)
}
