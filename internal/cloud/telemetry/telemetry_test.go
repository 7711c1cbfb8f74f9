package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"example.com/missionpot/internal/cloud/telemetry"
	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/trace"
)

// The example of the W3C Trace Context recommendation.
const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

func logged(t *testing.T, write func(*slog.Logger)) map[string]any {
	t.Helper()
	var out bytes.Buffer
	write(slog.New(telemetry.NewCloudHandler(&out, slog.LevelInfo, "p-1")))
	if out.Len() == 0 {
		return nil
	}
	record := map[string]any{}
	if err := json.Unmarshal(out.Bytes(), &record); err != nil {
		t.Fatalf("a log line is not JSON: %v: %s", err, out.Bytes())
	}
	if _, found := record["time"]; !found {
		t.Errorf("the record has no time: %v", record)
	}
	delete(record, "time")
	return record
}

func TestARecordHasTheFieldsOfCloudLogging(t *testing.T) {
	t.Parallel()
	ctx := telemetry.WithTraceparent(context.Background(), traceparent)
	got := logged(t, func(l *slog.Logger) {
		l.With("step", "holdbets").WithGroup("batch").With("bets", 3).WarnContext(ctx, "slow", "level", 7)
	})
	want := map[string]any{
		"severity": "WARNING", "message": "slow", "step": "holdbets",
		"batch":                                map[string]any{"bets": 3.0, "level": 7.0},
		"logging.googleapis.com/trace":         "projects/p-1/traces/0af7651916cd43dd8448eb211c80319c",
		"logging.googleapis.com/spanId":        "b7ad6b7169203331",
		"logging.googleapis.com/trace_sampled": true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("record (-want +got):\n%s", diff)
	}
}

func TestARecordWithoutATraceHasNoTraceFields(t *testing.T) {
	t.Parallel()
	got := logged(t, func(l *slog.Logger) { l.Error("broken") })
	if diff := cmp.Diff(map[string]any{"severity": "ERROR", "message": "broken"}, got); diff != "" {
		t.Errorf("record (-want +got):\n%s", diff)
	}
}

func TestALevelBelowTheSettingIsNotLogged(t *testing.T) {
	t.Parallel()
	if got := logged(t, func(l *slog.Logger) { l.Debug("detail") }); got != nil {
		t.Errorf("logged %v, want nothing", got)
	}
}

// Two loggers made from one must not write into each other's attributes.
func TestLoggersMadeFromOneDoNotShareAttributes(t *testing.T) {
	t.Parallel()
	ctx := telemetry.WithTraceparent(context.Background(), traceparent)
	got := logged(t, func(l *slog.Logger) {
		parent := l.With("a", 1).With("b", 2).With("c", 3)
		first := parent.With("who", "first")
		parent.With("who", "second")
		first.InfoContext(ctx, "hello")
	})
	if got["who"] != "first" {
		t.Errorf("the first logger's record says %v", got["who"])
	}
}

func TestAFileGetsJSON(t *testing.T) {
	t.Parallel()
	file, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	telemetry.NewLogger(file, slog.LevelInfo, "").Info("hello")
	written, err := os.ReadFile(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	if !json.Valid(written) {
		t.Errorf("written %q, want JSON", written)
	}
}

func TestATraceparentGoesThroughAContextUnchanged(t *testing.T) {
	t.Parallel()
	ctx := telemetry.WithTraceparent(context.Background(), traceparent)
	if got := telemetry.Traceparent(ctx); got != traceparent {
		t.Errorf("traceparent is %q, want %q", got, traceparent)
	}
}

func TestAMalformedTraceparentIsIgnored(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "00-xyz", "00-00000000000000000000000000000000-0000000000000000-01"} {
		ctx := telemetry.WithTraceparent(context.Background(), bad)
		if got := telemetry.Traceparent(ctx); got != "" {
			t.Errorf("%q became the trace %q, want none", bad, got)
		}
	}
}

func TestEachNewTraceIsAnother(t *testing.T) {
	t.Parallel()
	first := trace.SpanContextFromContext(telemetry.WithNewTrace(context.Background()))
	second := trace.SpanContextFromContext(telemetry.WithNewTrace(context.Background()))
	if !first.IsValid() || first.TraceID() == second.TraceID() {
		t.Errorf("two new traces are %v and %v, want two valid ones", first.TraceID(), second.TraceID())
	}
}
