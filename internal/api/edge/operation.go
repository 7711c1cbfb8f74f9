package edge

import (
	"bytes"
	"context"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"example.com/missionpot/internal/core/fault"
)

// Operation is one route: what its documentation says and what is done before
// its handler runs.
type Operation struct {
	ID          string
	Method      string
	Path        string
	Tag         string
	Summary     string
	Description string
	Status      int            // of an ordinary answer; 0 is 200
	Also        map[int]string // other answers with the same body, and when they come
	Bare        map[int]string // other answers without a body, and when they come
	Refusals    []*fault.Kind  // beyond the ones any such route has
	SignedIn    bool           // needs an access token
	Keyed       bool           // needs an Idempotency-Key; the input embeds Keyed
	Waits       bool           // takes Prefer: wait; the input embeds Waiting
	// Limit counts calls by address before anything of the call is looked at.
	Limit *Quota
	// Allow may refuse a caller who is signed in, before the rest of the call is
	// looked at.
	Allow func(context.Context) error
	// Offers are the media types of the answer; JSON if empty.
	Offers []string
	// Content describes the bodies of an [Answer].
	Content func(huma.Registry) map[string]*huma.MediaType
}

// JSONType is the media type of answers.
const JSONType = "application/json"

// Serve registers an operation. Its errors are decided here, at the edge.
func Serve[I, O any](e *Edge, op Operation, handle func(context.Context, *I) (*O, error)) {
	h := e.describe(op, reflect.TypeFor[I]())
	huma.Register(e.huma, h, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, in)
		if err != nil {
			return nil, e.problem(ctx, err)
		}
		return out, nil
	})
	e.documentAnswers(op, h.Responses)
}

// describe is the operation as huma takes it.
func (e *Edge) describe(op Operation, input reflect.Type) huma.Operation {
	_, body := input.FieldByName("Body")
	h := huma.Operation{
		OperationID: op.ID, Method: op.Method, Path: op.Path, Tags: []string{op.Tag},
		Summary: op.Summary, Description: op.Description, DefaultStatus: op.Status,
		Middlewares: e.before(op, input, body), Responses: e.responses(op, body),
		MaxBodyBytes: maxBody + 1, // readBody has refused what is longer
		// The body has been read by then. A read deadline left on the connection
		// would cancel a call that waits.
		BodyReadTimeout: -1,
	}
	h.Security = []map[string][]string{} // said, and not left out: this one is for everybody
	if op.SignedIn {
		h.Security = []map[string][]string{{bearerScheme: {}}}
	}
	if slices.Contains(op.Offers, StreamType) {
		e.offers[op.Method+" "+op.Path] = op.Offers
	}
	return h
}

// documentAnswers completes what huma has written about the answers.
func (e *Edge) documentAnswers(op Operation, responses map[string]*huma.Response) {
	ordinary := responses[strconv.Itoa(max(op.Status, http.StatusOK))]
	for status, when := range op.Also {
		other := *ordinary
		other.Description = when
		responses[strconv.Itoa(status)] = &other
	}
	for status, when := range op.Bare {
		responses[strconv.Itoa(status)] = &huma.Response{Description: when}
	}
	if op.Content != nil {
		ordinary.Content = op.Content(e.huma.OpenAPI().Components.Schemas)
	}
	e.documentHeaders(responses)
}

// before is what runs ahead of the handler, in the order of refusals that the
// package comment gives.
func (e *Edge) before(op Operation, input reflect.Type, body bool) huma.Middlewares {
	var steps huma.Middlewares
	switch {
	case slices.Contains(op.Offers, StreamType): // a stream sets its own deadlines
	case op.Waits:
		steps = append(steps, within(waitTime))
	default:
		steps = append(steps, within(CallTime))
	}
	if op.Limit != nil {
		steps = append(steps, e.limitNetwork(op.Limit))
	}
	if op.SignedIn {
		steps = append(steps, e.authenticate, e.limitUser, e.admit)
	}
	if op.Allow != nil {
		steps = append(steps, e.allow(op.Allow))
	}
	if op.Keyed {
		steps = append(steps, e.requireKey)
	}
	offers := op.Offers
	if len(offers) == 0 {
		offers = []string{JSONType}
	}
	steps = append(steps, e.negotiate(offers...), e.checkQuery(queryOf(input)))
	if body {
		steps = append(steps, e.readBody)
	}
	return steps
}

// responses documents the refusals of an operation, by status.
func (e *Edge) responses(op Operation, body bool) map[string]*huma.Response {
	kinds := slices.Concat(op.Refusals, []*fault.Kind{fault.Invalid, fault.NotAcceptable, fault.TooMany, fault.Unavailable, fault.Internal})
	if op.SignedIn {
		kinds = append(kinds, fault.Unauthenticated, fault.Malformed)
	}
	if op.Keyed {
		kinds = append(kinds, fault.IdempotencyMissing, fault.IdempotencyReused)
	}
	if body {
		kinds = append(kinds, fault.Malformed, fault.TooLarge, fault.UnsupportedMedia)
	}
	described := map[string][]string{}
	for _, kind := range kinds {
		status := strconv.Itoa(kind.Status)
		line := "`" + kind.Code + "`: " + kind.Title
		if !slices.Contains(described[status], line) {
			described[status] = append(described[status], line)
		}
	}
	responses := map[string]*huma.Response{}
	for status, lines := range described {
		responses[status] = e.problemResponse(strings.Join(lines, "\n\n"))
	}
	return responses
}

func (e *Edge) problemResponse(description string) *huma.Response {
	schema := e.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "Problem")
	return &huma.Response{
		Description: description,
		Content:     map[string]*huma.MediaType{problemType: {Schema: schema}},
	}
}

// uuidPattern is the one form of ids. The parser knows more, such as urn:uuid:.
const uuidPattern = "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"

// ID is the text of an id, for a parameter that may come several times: huma reads lists
// of texts and of numbers only. It is also how a UUID looks in the documentation.
type ID string

// Schema describes it to huma.
func (ID) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "uuid",
		Pattern: uuidPattern, Examples: []any{"0198c0de-7a3b-7f11-8d2e-5b6f1c2a9e40"}}
}

// UUIDs are the ids of a parameter, each once and in order, so that a list is the same
// list however its ids were given. The pattern has been checked: no text fails.
func UUIDs(ids []ID) []uuid.UUID {
	parsed := make([]uuid.UUID, 0, len(ids))
	for _, id := range ids {
		parsed = append(parsed, uuid.MustParse(string(id)))
	}
	slices.SortFunc(parsed, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(parsed)
}

func newRegistry() huma.Registry {
	registry := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	registry.RegisterTypeAlias(reflect.TypeFor[uuid.UUID](), reflect.TypeFor[ID]())
	return registry
}
