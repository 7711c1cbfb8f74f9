package e2e_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/procfs"

	"example.com/missionpot/internal/rig/stand"
)

// More clients than an instance has places for bet as fast as they are answered, until the instance
// is stopped in the middle of it, as Cloud Run stops one.
func TestAnOverloadedAPIRejectsWhatMayComeAgainAndLosesNoBetThatItAccepted(t *testing.T) {
	t.Parallel()
	const (
		clients   = 100
		places    = "MAX_CALLS=16"
		underLoad = 2 * time.Second
		drained   = 10 * time.Second // then Cloud Run kills the instance
		memory    = 512 << 20        // of an instance, in bytes
	)
	s := ownSystem(t, func(c *stand.SystemConfig) { c.APIEnv = append(c.APIEnv, places) })
	backer := s.viewer(t, "en", 1_000_000)
	m := s.viewer(t, "en", purse).ask(t, s.streamer(t, "en", nil), 1000)

	var mu sync.Mutex
	var stopping bool
	var accepted []answer
	var rejected int
	count := func(a answer, err error) {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case err != nil && stopping: // the port is closed
		case err != nil:
			t.Errorf("a bet was not answered: %v", err)
		case a.status == http.StatusAccepted:
			accepted = append(accepted, a)
		case a.status == http.StatusServiceUnavailable && a.header.Get("Retry-After") != "":
			rejected++
		default:
			t.Errorf("a bet was answered %d %s, want 202, or 503 with Retry-After", a.status, a.body)
		}
	}
	loaded, stop := context.WithCancel(t.Context())
	defer stop()
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for loaded.Err() == nil {
				count(s.try(t, backer.posting("/v1/missions/"+m.ID+"/bets", uuid.NewString(), map[string]any{"amount": 100})))
			}
		})
	}
	time.Sleep(underLoad)
	if used := peakMemory(t, s.API.Process().PID()); used > memory {
		t.Errorf("the API used %d bytes, want at most %d", used, memory)
	}
	mu.Lock()
	stopping = true
	mu.Unlock()
	inTime, cancel := context.WithTimeout(t.Context(), drained)
	defer cancel()
	if err := s.API.Stop(inTime); err != nil {
		t.Errorf("the API under load: %v", err)
	}
	stop()
	all.Wait()

	if len(accepted) == 0 || rejected == 0 {
		t.Fatalf("%d bets were accepted and %d rejected, want some of each", len(accepted), rejected)
	}
	ids := make([]string, len(accepted))
	for i, a := range accepted {
		ids[i] = read[bet](t, a, http.StatusAccepted).ID
	}
	eventually(t, func() string {
		const decided = `SELECT count(*) FROM ledger WHERE id = ANY($1::uuid[]) AND kind IN ('hold', 'decline')`
		if n := figure(t, s.UsersDSN(), decided, ids); int(n) < len(ids) {
			return "some of the accepted bets are not decided"
		}
		return ""
	})
	t.Logf("%d bets were accepted and decided, %d rejected", len(accepted), rejected)
}

// peakMemory is the most resident memory that a process has had, in bytes; 0 where the system does
// not say.
func peakMemory(t *testing.T, pid int) uint64 {
	t.Helper()
	if runtime.GOOS != "linux" {
		return 0
	}
	process, err := procfs.NewProc(pid)
	if err != nil {
		t.Fatal(err)
	}
	status, err := process.NewStatus()
	if err != nil {
		t.Fatal(err)
	}
	return status.VmHWM
}

// A head that never ends must not occupy a connection for ever, and one of a megabyte must not be
// read into memory.
func TestAHeadThatNeverEndsOrIsHugeIsRefusedAndOtherCallsGoOn(t *testing.T) {
	t.Parallel()
	s := sharedSystem(t)
	p := s.viewer(t, "en", 0)
	for name, rest := range map[string]string{"endless": "", "huge": strings.Repeat("a", 1<<20) + "\r\n\r\n"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", strings.TrimPrefix(s.API.URL(), "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
				t.Fatal(err)
			}
			_, wrote := io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Large: "+rest)
			if rest == "" && wrote != nil {
				t.Fatal(wrote)
			}
			p.cash(t)
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err == nil {
				defer resp.Body.Close()
			}
			var late net.Error
			switch {
			case errors.As(err, &late) && late.Timeout():
				t.Errorf("the connection is still open after %v", patience)
			case err == nil && resp.StatusCode/100 != 4:
				t.Errorf("answer is %s, want a refusal or none", resp.Status)
			}
		})
	}
}
