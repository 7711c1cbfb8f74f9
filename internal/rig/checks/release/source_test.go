package release_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/rig/stand"
)

// framework is the program that the Go buildpack writes beside the source, in the folder
// it writes it to: the root package registers the functions when it is imported, and
// FUNCTION_TARGET says which one is served.
const (
	frameworkDir = "functions.local/app"
	framework    = `package main

import (
	"log"
	"os"

	_ "example.com/missionpot"

	"github.com/GoogleCloudPlatform/functions-framework-go/funcframework"
)

func main() {
	if err := funcframework.Start(os.Getenv("PORT")); err != nil {
		log.Fatalf("start: %v", err)
	}
}
`
)

const (
	startTime = 30 * time.Second // of one function, on a busy machine
	callTime  = 10 * time.Second
)

func TestEveryFunctionStartsByNameFromTheZip(t *testing.T) {
	t.Parallel()
	program := buildFunctions(t, unpack(t, makeArchive(t)))
	names := []string{event.DeadLetters()[0].Function}
	for _, s := range event.Pipeline() {
		names = append(names, s.Function)
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := startFunction(t, program, name)
			ctx, cancel := context.WithTimeout(t.Context(), callTime)
			defer cancel()
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader("no envelope"))
			if err != nil {
				t.Fatal(err)
			}
			answer, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			if answer.StatusCode != http.StatusBadRequest {
				t.Errorf("a malformed push is answered with %d, want 400", answer.StatusCode)
			}
		})
	}
	t.Run("an unknown name does not start", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithTimeout(t.Context(), startTime)
		defer cancel()
		out, err := functionCommand(ctx, program, "NoSuchFunction", 0).CombinedOutput()
		if err == nil || !strings.Contains(string(out), "NoSuchFunction") {
			t.Errorf("it ended with %v and said %s, want the name that is missing", err, out)
		}
	})
}

func TestTheZipHoldsWhatTheBuildpackNeedsAndNoMore(t *testing.T) {
	t.Parallel()
	archive := makeArchive(t)
	again := makeArchive(t)
	if !bytes.Equal(archive, again) {
		t.Error("the same source makes another zip, so every release would rebuild every function")
	}
	files, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	held := map[string]bool{}
	for _, file := range files.File {
		held[file.Name] = true
		top, _, _ := strings.Cut(file.Name, "/")
		if !slices.Contains([]string{"go.mod", "go.sum", "function.go", "functions", "internal"}, top) && !strings.HasPrefix(file.Name, "terraform/pipeline.") ||
			strings.HasSuffix(file.Name, "_test.go") || strings.Contains(file.Name, "testdata") ||
			strings.HasPrefix(file.Name, "internal/rig/stand/") || strings.HasPrefix(file.Name, "internal/api/") {
			t.Errorf("%s is in the zip", file.Name)
		}
		if file.Mode().Perm() != 0o644 {
			t.Errorf("%s has the mode %v, want one that the buildpack may write", file.Name, file.Mode())
		}
	}
	for _, name := range []string{"go.mod", "go.sum", "function.go", "functions/functions.go", "functions/holdbets/step.go"} {
		if !held[name] {
			t.Errorf("%s is not in the zip", name)
		}
	}
}

// makeArchive runs the program that Cloud Build runs.
func makeArchive(t *testing.T) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), "source.zip")
	cmd := exec.CommandContext(t.Context(), "go", "run", "./run/source", "-o", out)
	cmd.Dir = root
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("run/source: %v\n%s", err, text)
	}
	archive, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return archive
}

func unpack(t *testing.T, archive []byte) (dir string) {
	t.Helper()
	files, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	if err := os.CopyFS(dir, files); err != nil {
		t.Fatal(err)
	}
	return dir
}

func buildFunctions(t *testing.T, source string) (program string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(source, frameworkDir), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(source, frameworkDir, "main.go"), []byte(framework), 0o644); err != nil {
		t.Fatal(err)
	}
	program = filepath.Join(t.TempDir(), "main")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./"+frameworkDir)
	cmd.Dir = source
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build the functions as the buildpack does: %v\n%s", err, text)
	}
	return program
}

// functionCommand starts one function. Nothing listens at the addresses it is given: a
// malformed push is refused before anything is opened.
func functionCommand(ctx context.Context, program, name string, port int) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program)
	cmd.Env = []string{
		"FUNCTION_TARGET=" + name, fmt.Sprintf("PORT=%d", port), "LOCAL_ONLY=true",
		"GOOGLE_CLOUD_PROJECT=missionpot-test",
		"FIRESTORE_EMULATOR_HOST=127.0.0.1:1", "PUBSUB_EMULATOR_HOST=127.0.0.1:1",
		"USERS_DATABASE_URL=postgres://nobody@127.0.0.1:1/users", "MISSIONS_DATABASE_URL=postgres://nobody@127.0.0.1:1/missions",
		"SENDGRID_API_KEY=none", "MAIL_FROM=missionpot@example.com", "PUSH_TOKENS=off", "PAYMENT_PROVIDER=sandbox",
	}
	return cmd
}

// startFunction starts one function and waits until it listens.
func startFunction(t *testing.T, program, name string) (address string) {
	t.Helper()
	port, err := stand.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	host := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	ctx, cancel := context.WithCancel(t.Context())
	cmd := functionCommand(ctx, program, name, port)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = io.Discard, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // it was killed
		if t.Failed() {
			t.Logf("%s said:\n%s", name, &said)
		}
	})
	for deadline := time.Now().Add(startTime); ; time.Sleep(20 * time.Millisecond) {
		connection, err := net.DialTimeout("tcp", host, time.Second)
		if err == nil {
			_ = connection.Close()
			return "http://" + host
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s does not listen after %v: %v", name, startTime, err)
		}
	}
}
