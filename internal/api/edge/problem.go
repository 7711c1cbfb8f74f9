package edge

import (
	"context"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/flow/batch"
)

const problemType = "application/problem+json"

// Problem is every error's body, RFC 9457.
type Problem struct {
	Type   string         `json:"type" format:"uri-reference" doc:"Where this code is explained." example:"/docs#insufficient_cash"`
	Title  string         `json:"title" doc:"Short summary, always the same for a code." example:"Your available cash does not cover this."`
	Status int            `json:"status" doc:"The HTTP status, repeated." example:"402"`
	Code   string         `json:"code" doc:"Stable name to program against." example:"insufficient_cash"`
	Detail string         `json:"detail,omitempty" doc:"About this occurrence."`
	Errors []ProblemField `json:"errors,omitempty" nullable:"false" maxItems:"20" doc:"The parts of the request that are wrong, the first twenty at most."`

	header http.Header
}

// ProblemField is one part of the request that is wrong.
type ProblemField struct {
	Location string `json:"location" doc:"Where, such as body.amount, query.limit or path.id." example:"body.amount"`
	Message  string `json:"message" doc:"What is wrong with it." example:"must be at least 100"`
}

// Error, GetStatus, GetHeaders and ContentType make a Problem what huma
// returns to the client as it is.
func (p *Problem) Error() string              { return p.Code }
func (p *Problem) GetStatus() int             { return p.Status }
func (p *Problem) GetHeaders() http.Header    { return p.header }
func (p *Problem) ContentType(string) string  { return problemType }
func (p *Problem) field(at, message string)   { p.Errors = append(p.Errors, ProblemField{at, message}) }
func (p *Problem) setHeader(name, val string) { p.header.Set(name, val) }

// newProblem shows a fault. Its hidden cause stays hidden.
func newProblem(f *fault.Error) *Problem {
	p := &Problem{
		Type: "/docs#" + f.Kind.Code, Title: f.Kind.Title, Status: f.Kind.Status, Code: f.Kind.Code,
		Detail: f.Detail, header: http.Header{},
	}
	if f.Field != "" {
		message := f.Detail
		if message == "" {
			message = f.Kind.Title
		}
		p.field(f.Field, message)
	}
	if f.RetryAfter > 0 {
		p.setHeader("Retry-After", strconv.Itoa(int(math.Ceil(f.RetryAfter.Seconds()))))
	}
	if f.Kind.Status == http.StatusUnauthorized {
		p.setHeader("WWW-Authenticate", `Bearer realm="missionpot"`)
	}
	return p
}

// RetryLater is how long clients should wait when a part of ours is away. A second is more
// than a database's failover notices and less than a person's patience.
const RetryLater = time.Second

// problem decides an error at the edge, once: what is a fault is shown, what
// passes by itself is 503, and the rest is ours, logged here and nowhere else. Who
// tries what is not theirs to do is noted.
func (e *Edge) problem(ctx context.Context, err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	f := fault.From(err)
	if f.Kind == fault.Internal && passes(err) {
		f = fault.Unavailable.After(RetryLater).Wrap(err)
	}
	if f.Kind.Status >= http.StatusInternalServerError && ctx.Err() != context.Canceled {
		e.log.ErrorContext(ctx, "call failed", "code", f.Kind.Code, "error", err)
	}
	if f.Kind.Status == http.StatusForbidden {
		e.security.Note(ctx, "call", Caller(ctx), f)
	}
	return newProblem(f)
}

// passes reports whether an error is one that a retry may get past: time-outs,
// lost connections, full queues, and what Firestore and Postgres say when they
// are overloaded or going away.
func passes(err error) bool {
	for _, passing := range []error{context.DeadlineExceeded, batch.ErrFull, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed} {
		if errors.Is(err, passing) {
			return true
		}
	}
	var network net.Error
	if errors.As(err, &network) {
		return true
	}
	// pgx says so of what never reached Postgres, such as on a connection that was lost
	// before.
	var unsent interface{ SafeToRetry() bool }
	if errors.As(err, &unsent) && unsent.SafeToRetry() {
		return true
	}
	switch status.Code(err) {
	case codes.Unavailable, codes.DeadlineExceeded, codes.ResourceExhausted, codes.Aborted:
		return true
	}
	var postgres interface{ SQLState() string }
	if !errors.As(err, &postgres) {
		return false
	}
	// Classes of https://www.postgresql.org/docs/current/errcodes-appendix.html:
	// connection exception, transaction rollback, insufficient resources,
	// operator intervention.
	class := postgres.SQLState() + "  "
	switch class[:2] {
	case "08", "40", "53", "57":
		return true
	}
	return false
}

// write sends the problem outside of huma.
func (p *Problem) write(w http.ResponseWriter) {
	for name, values := range p.header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", problemType)
	w.WriteHeader(p.Status)
	// A client that has gone needs no body.
	_ = write(w, p)
}

// showProblem is huma's last step before writing: the errors that huma makes by
// itself, of validation, become problems of ours. The values it quotes are left
// out: a password may be among them.
func showProblem(_ huma.Context, _ string, body any) (any, error) {
	made, ok := body.(*huma.ErrorModel)
	if !ok {
		return body, nil
	}
	kind := fault.Invalid
	switch made.Status {
	case http.StatusBadRequest:
		kind = fault.Malformed
	case http.StatusUnprocessableEntity:
	default:
		kind = fault.Internal
	}
	p := newProblem(fault.From(kind))
	for _, e := range made.Errors[:min(len(made.Errors), maxErrors)] {
		p.field(shorten(strings.TrimPrefix(e.Location, ".")), forPeople(shorten(e.Message)))
	}
	if len(p.Errors) > 0 {
		p.Detail = p.Errors[0].Location + ": " + p.Errors[0].Message
	}
	return p, nil
}

// maxErrors and maxShown bound what a refusal repeats of a request, or the answer would
// be longer than the request.
const (
	maxErrors = 20
	maxShown  = 200 // bytes
)

// shorten cuts between characters.
func shorten(text string) string {
	if len(text) <= maxShown {
		return text
	}
	return strings.ToValidUTF8(text[:maxShown], "") + "…"
}

// forPeople writes the limits of numbers out: the validator shows 1000000 as 1e+06.
func forPeople(message string) string {
	for before, after := range map[string]string{
		"expected number >= ": "must be at least ", "expected number <= ": "must be at most ",
		"expected integer": "must be a whole number", "expected string to match pattern " + uuidPattern: "must be a UUID",
	} {
		limit, found := strings.CutPrefix(message, before)
		if !found {
			continue
		}
		if number, err := strconv.ParseFloat(limit, 64); err == nil {
			limit = strconv.FormatFloat(number, 'f', -1, 64)
		}
		return after + limit
	}
	return message
}
