package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/api/edge"
	"example.com/missionpot/internal/core/account"
	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/fault"
)

type lettersInput struct {
	edge.Page
	Status string `query:"status" enum:"kept,sent" default:"kept" doc:"kept: nobody has sent them again yet. sent: somebody has."`
	Step   string `query:"step" maxLength:"64" doc:"Only those of this step." example:"holdbets"`
}

type letterInput struct {
	ID string `path:"id" doc:"The id of the dead letter." minLength:"1" maxLength:"200" example:"holdbets-8421367923410"`
}

// DeadLetterSummary is what a list shows of a dead letter.
type DeadLetterSummary struct {
	ID          string     `json:"id" example:"holdbets-8421367923410"`
	Step        string     `json:"step" doc:"The step that gave it up." example:"holdbets"`
	Topic       *string    `json:"topic" doc:"Where it is sent again to; null if nobody knows." example:"bets"`
	Type        string     `json:"type" doc:"The event's type; empty if it had none." example:"bet_placed"`
	MissionID   *uuid.UUID `json:"mission_id" nullable:"true" doc:"The mission it is about, or null."`
	Attempts    int        `json:"attempts" doc:"Deliveries before it was given up; 0 if unknown." example:"100"`
	PublishedAt time.Time  `json:"published_at" doc:"When it was first published."`
	KeptAt      time.Time  `json:"kept_at" doc:"When it was kept here."`
	Status      string     `json:"status" enum:"kept,sent" doc:"kept: waits here. sent: an operator has sent it again."`
	RedrivenAt  *time.Time `json:"redriven_at" doc:"When it was sent again, or null."`
	RedrivenBy  *string    `json:"redriven_by" doc:"Who sent it again, as in the record of operators, or null." example:"user:0198c0de-7a3b-7f11-8d2e-5b6f1c2a9e40"`
	RedriveOf   *string    `json:"redrive_of" doc:"The dead letter this one repeats: it was sent again and died again. Null for a first death."`
}

// DeadLetter is one dead letter as an operator reads it.
type DeadLetter struct {
	DeadLetterSummary
	TraceID  *string        `json:"trace_id" doc:"The trace of the call it came from, to find the logs with, or null."`
	Bytes    int            `json:"bytes" doc:"Size of the payload." example:"312"`
	Contents map[string]any `json:"contents" nullable:"true" doc:"The payload without the people: no id of a person and no text of theirs. Null if no step can read it."`
}

type lettersAnswer struct {
	Body edge.Listed[DeadLetterSummary]
}

type letterAnswer struct{ Body DeadLetter }

// deadLetters is what operators do with messages that no step could handle.
type deadLetters struct {
	desk   DeadLetters
	access *access
}

func (s *deadLetters) serve(e *edge.Edge) {
	edge.Serve(e, s.access.operators(edge.Operation{
		ID: "list-dead-letters", Method: http.MethodGet, Path: "/v1/deadletters", Tag: "Operators",
		Summary: "Messages that no attempt could handle", Description: "In the order of their ids, so by step.",
	}), s.letters)
	edge.Serve(e, s.access.operators(edge.Operation{
		ID: "get-dead-letter", Method: http.MethodGet, Path: "/v1/deadletters/{id}", Tag: "Operators",
		Description: "The message and why it failed. Reading it is recorded.",
		Summary:     "One dead letter", Refusals: []*fault.Kind{fault.NotFound},
	}), s.letter)
	edge.Serve(e, s.access.operators(edge.Operation{
		ID: "redrive-dead-letter", Method: http.MethodPost, Path: "/v1/deadletters/{id}/redrive", Tag: "Operators",
		Summary: "Send a dead letter again", Refusals: []*fault.Kind{fault.NotFound, fault.NotRedrivable},
		Description: "Mend what killed it first. It is sent once: a second call sends nothing and gets the first one's answer. " +
			"After a 503 nobody knows whether it was sent; call again after `Retry-After`. Should it go out twice then, no step does its work twice.",
	}), s.redriveLetter)
}

func (s *deadLetters) letters(ctx context.Context, in *lettersInput) (*lettersAnswer, error) {
	list := edge.ListOf("dead letters", in.Status, in.Step)
	from, err := edge.After(in.Page, list, "")
	if err != nil {
		return nil, err
	}
	letters, err := s.desk.List(ctx, actor(ctx), event.DeadLetterFilter{
		Sent: in.Status == "sent", Step: in.Step, After: from, Limit: in.Limit + 1,
	})
	if err != nil {
		return nil, err
	}
	listed, err := edge.Paginate(in.Page, list, letters, summarise, func(d event.DeadLetter) string { return d.ID })
	return &lettersAnswer{Body: listed}, err
}

func (s *deadLetters) letter(ctx context.Context, in *letterInput) (*letterAnswer, error) {
	d, err := s.desk.Read(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &letterAnswer{Body: showLetter(d)}, nil
}

func (s *deadLetters) redriveLetter(ctx context.Context, in *letterInput) (*letterAnswer, error) {
	d, err := s.desk.Redrive(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &letterAnswer{Body: showLetter(d)}, nil
}

// actor is the calling operator, as the record names them.
func actor(ctx context.Context) account.Actor { return account.UserActor(edge.Caller(ctx)) }

func summarise(d event.DeadLetter) DeadLetterSummary {
	shown := DeadLetterSummary{
		ID: d.ID, Step: d.Step, Topic: orNull(string(d.Topic)), Type: string(d.Type), Attempts: d.Attempts,
		PublishedAt: d.PublishedAt.UTC(), KeptAt: d.KeptAt.UTC(), Status: "kept",
		RedriveOf: orNull(d.Attributes[event.AttributeRedriveOf]),
	}
	// Whoever published the message may have written anything here.
	if id, err := uuid.Parse(d.Attributes[event.AttributeMission]); err == nil {
		shown.MissionID = &id
	}
	if d.Redrives > 0 {
		at := d.RedrivenAt.UTC()
		shown.Status, shown.RedrivenAt, shown.RedrivenBy = "sent", &at, orNull(d.RedrivenBy)
	}
	return shown
}

// showLetter shows the contents only where they could be read: bytes that are
// no event of ours may hold anything.
func showLetter(d event.DeadLetter) DeadLetter {
	shown := DeadLetter{DeadLetterSummary: summarise(d), TraceID: traceOf(d), Bytes: len(d.Data)}
	if contents, err := event.Shown(d.Type, d.Data); err == nil {
		shown.Contents = contents
	}
	return shown
}

// traceOf reads the trace's id: "00-TRACE-SPAN-FLAGS", W3C Trace Context.
func traceOf(d event.DeadLetter) *string {
	parts := strings.Split(d.Attributes[event.AttributeTraceparent], "-")
	if len(parts) != 4 || len(parts[1]) != 32 {
		return nil
	}
	return &parts[1]
}

func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
