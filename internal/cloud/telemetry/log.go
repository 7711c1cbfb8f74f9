package telemetry

import (
	"context"
	"io"
	"log/slog"
	"os"

	"go.opentelemetry.io/otel/trace"
	"golang.org/x/term"
)

// Field names of Cloud Logging's structured payload:
// https://cloud.google.com/logging/docs/structured-logging#special-payload-fields
const (
	fieldSeverity = "severity"
	fieldMessage  = "message"
	fieldTrace    = "logging.googleapis.com/trace"
	fieldSpan     = "logging.googleapis.com/spanId"
	fieldSampled  = "logging.googleapis.com/trace_sampled"
)

// NewLogger makes the logger of a program. On a terminal it writes text, else one line of JSON per
// record for Cloud Logging. The project turns a trace's id into a link; it may be empty.
func NewLogger(out *os.File, level slog.Leveler, project string) *slog.Logger {
	if term.IsTerminal(int(out.Fd())) {
		return slog.New(withTrace(slog.NewTextHandler(out, &slog.HandlerOptions{Level: level}), project))
	}
	return slog.New(NewCloudHandler(out, level, project))
}

// NewCloudHandler writes one line of JSON per record for Cloud Logging.
func NewCloudHandler(out io.Writer, level slog.Leveler, project string) slog.Handler {
	return withTrace(slog.NewJSONHandler(out, &slog.HandlerOptions{Level: level, ReplaceAttr: cloudNames}), project)
}

// cloudNames renames the fields that Cloud Logging knows by other names.
func cloudNames(groups []string, a slog.Attr) slog.Attr {
	if len(groups) > 0 {
		return a
	}
	switch a.Key {
	case slog.LevelKey:
		if level, ok := a.Value.Any().(slog.Level); ok {
			return slog.String(fieldSeverity, severity(level))
		}
	case slog.MessageKey:
		a.Key = fieldMessage
	}
	return a
}

// severity returns the LogSeverity of a level.
func severity(level slog.Level) string {
	switch {
	case level < slog.LevelInfo:
		return "DEBUG"
	case level < slog.LevelWarn:
		return "INFO"
	case level < slog.LevelError:
		return "WARNING"
	default:
		return "ERROR"
	}
}

// traced adds the trace of a record's context. The trace belongs at the top of the record even
// under an open group, so the handler adds the trace first and then replays the groups and
// attributes given so far.
type traced struct {
	root    slog.Handler // as it was made, before any group or attribute
	current slog.Handler // root with all of replay
	replay  []func(slog.Handler) slog.Handler
	prefix  string // of a trace's name: projects/P/traces/
}

func withTrace(h slog.Handler, project string) slog.Handler {
	prefix := ""
	if project != "" {
		prefix = "projects/" + project + "/traces/"
	}
	return &traced{root: h, current: h, prefix: prefix}
}

// Enabled reports whether the level is logged.
func (h *traced) Enabled(ctx context.Context, level slog.Level) bool {
	return h.current.Enabled(ctx, level)
}

// Handle writes the record with the trace of its context, if there is one.
func (h *traced) Handle(ctx context.Context, record slog.Record) error {
	span := trace.SpanContextFromContext(ctx)
	if !span.IsValid() {
		return h.current.Handle(ctx, record)
	}
	with := h.root.WithAttrs([]slog.Attr{
		slog.String(fieldTrace, h.prefix+span.TraceID().String()),
		slog.String(fieldSpan, span.SpanID().String()),
		slog.Bool(fieldSampled, span.IsSampled()),
	})
	for _, step := range h.replay {
		with = step(with)
	}
	return with.Handle(ctx, record)
}

// WithAttrs returns a handler whose records have the attributes.
func (h *traced) WithAttrs(attrs []slog.Attr) slog.Handler {
	return h.then(func(next slog.Handler) slog.Handler { return next.WithAttrs(attrs) })
}

// WithGroup returns a handler whose records' attributes are in a group.
func (h *traced) WithGroup(name string) slog.Handler {
	return h.then(func(next slog.Handler) slog.Handler { return next.WithGroup(name) })
}

func (h *traced) then(step func(slog.Handler) slog.Handler) slog.Handler {
	replay := append(h.replay[:len(h.replay):len(h.replay)], step)
	return &traced{root: h.root, current: step(h.current), replay: replay, prefix: h.prefix}
}
