package stand_test

import (
	"context"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/missionpot/internal/rig/stand"
)

// TestMain lets this test binary stand in for a service: with LAB_TEST_SERVE set it
// answers each request with its process id.
func TestMain(m *testing.M) {
	if os.Getenv("LAB_TEST_SERVE") == "" {
		os.Exit(m.Run())
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, strconv.Itoa(os.Getpid()))
	})))
}

func TestAKilledServiceComesBackAtTheSamePort(t *testing.T) {
	t.Parallel()
	s := newService(t)
	if err := s.Start(t.Context()); err != nil {
		t.Fatalf("start: %v", err)
	}
	first := answer(t, s)
	s.Kill()
	if _, err := http.Get(s.URL()); err == nil {
		t.Error("the service answers after it was killed")
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatalf("start again: %v", err)
	}
	if second := answer(t, s); second == first {
		t.Errorf("process %s answers before and after the kill, want another", first)
	}
}

func TestAKeptServiceIsStartedAgainAndItIsTold(t *testing.T) {
	t.Parallel()
	s := newService(t)
	if err := s.Start(t.Context()); err != nil {
		t.Fatalf("start: %v", err)
	}
	first := answer(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	var mu sync.Mutex
	var reported []string
	var keeper sync.WaitGroup
	keeper.Go(func() {
		s.Keep(ctx, func(line string) {
			mu.Lock()
			defer mu.Unlock()
			reported = append(reported, line)
		})
	})
	defer keeper.Wait()
	defer cancel()
	s.Kill()
	eventually(t, "another process to answer", func() bool {
		resp, err := http.Get(s.URL())
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		pid, err := io.ReadAll(resp.Body)
		return err == nil && string(pid) != first
	})
	mu.Lock()
	defer mu.Unlock()
	if len(reported) != 1 || !strings.Contains(reported[0], "test service") || !strings.Contains(reported[0], "killed") {
		t.Errorf("reported %q, want one line with the service's name and how it ended", reported)
	}
}

func TestAServiceThatEndsWhileStartingSaysWhatItLogged(t *testing.T) {
	t.Parallel()
	logFile := t.TempDir() + "/service.log"
	s := stand.NewService(stand.Program{
		Name: "test service", Path: "/bin/sh", Args: []string{"-c", "echo no such setting >&2; exit 4"}, LogFile: logFile,
	}, 1, "")
	err := s.Start(t.Context())
	if err == nil {
		t.Fatal("start succeeded, want an error")
	}
	for _, want := range []string{"test service", "exit status 4", "no such setting", logFile} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q:\n%v", want, err)
		}
	}
}

func TestAPortThatIsTakenIsTold(t *testing.T) {
	t.Parallel()
	s := newService(t)
	if err := s.Start(t.Context()); err != nil {
		t.Fatalf("start: %v", err)
	}
	port, err := strconv.Atoi(s.URL()[strings.LastIndex(s.URL(), ":")+1:])
	if err != nil {
		t.Fatal(err)
	}
	if err := stand.CheckPort(port); err == nil || !strings.Contains(err.Error(), strconv.Itoa(port)) {
		t.Errorf("check = %v, want an error with the port", err)
	}
	s.Kill()
	if err := stand.CheckPort(port); err != nil {
		t.Errorf("check of a free port: %v", err)
	}
}

func newService(t *testing.T) *stand.Service {
	t.Helper()
	port, err := stand.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	s := stand.NewService(stand.Program{
		Name: "test service", Path: os.Args[0],
		Env:     append(os.Environ(), "LAB_TEST_SERVE=1", "PORT="+strconv.Itoa(port)),
		LogFile: t.TempDir() + "/service.log",
	}, port, "/")
	t.Cleanup(s.Kill)
	return s
}

func answer(t *testing.T, s *stand.Service) string {
	t.Helper()
	client := http.Client{Timeout: 10 * time.Second}
	resp, err := client.Get(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
