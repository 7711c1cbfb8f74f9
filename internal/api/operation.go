package api

import (
	"context"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"example.com/missionpot/internal/fault"
)

// operation is one route: what its documentation says and what is done before
// its handler runs.
type operation struct {
	id          string
	method      string
	path        string
	tag         string
	summary     string
	description string
	status      int            // of an ordinary answer; 0 is 200
	also        map[int]string // other answers with the same body, and when they come
	refusals    []*fault.Kind  // beyond the ones any such route has
	signedIn    bool           // needs an access token
	operator    bool           // needs an operator's access token
	keyed       bool           // needs an Idempotency-Key
	waits       bool           // takes Prefer: wait
	guard       middleware     // what else is asked before anything of the call is looked at
	offers      []string       // media types; JSON if empty
}

const jsonType = "application/json"

// serve registers an operation. Its errors are decided here, at the edge.
func serve[I, O any](s *server, op operation, handle func(context.Context, *I) (*O, error)) {
	input := reflect.TypeFor[I]()
	_, body := input.FieldByName("Body")
	h := huma.Operation{
		OperationID: op.id, Method: op.method, Path: op.path, Tags: []string{op.tag},
		Summary: op.summary, Description: op.description, DefaultStatus: op.status,
		Middlewares: s.before(op, input, body), Responses: s.responses(op, body),
		MaxBodyBytes: maxBody + 1, // readBody has refused what is longer
		// The body has been read by then. A read deadline left on the connection
		// would cancel a call that waits.
		BodyReadTimeout: -1,
	}
	h.Security = []map[string][]string{} // said, and not left out: this one is for everybody
	if op.signedIn || op.operator {
		h.Security = []map[string][]string{{bearerScheme: {}}}
	}
	huma.Register(s.huma, h, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, in)
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		return out, nil
	})
	ordinary := h.Responses[strconv.Itoa(max(op.status, http.StatusOK))]
	for status, when := range op.also {
		other := *ordinary
		other.Description = when
		h.Responses[strconv.Itoa(status)] = &other
	}
	documentHeaders(h.Responses)
}

// before is what runs ahead of the handler, in the order of refusals that the
// package comment gives.
func (s *server) before(op operation, input reflect.Type, body bool) huma.Middlewares {
	var steps huma.Middlewares
	switch {
	case slices.Contains(op.offers, streamType): // a stream sets its own deadlines
	case op.waits:
		steps = append(steps, within(waitTime))
	default:
		steps = append(steps, within(callTime))
	}
	if op.guard != nil {
		steps = append(steps, op.guard)
	}
	if op.signedIn || op.operator {
		steps = append(steps, s.authenticate, s.limitUser, s.requireCurrent)
	}
	if op.operator {
		steps = append(steps, s.requireOperator)
	}
	if op.keyed {
		steps = append(steps, s.refuseOperator, s.requireKey)
	}
	offers := op.offers
	if len(offers) == 0 {
		offers = []string{jsonType}
	}
	steps = append(steps, s.negotiate(offers...), s.checkQuery(queryOf(input)))
	if body {
		steps = append(steps, s.readBody)
	}
	return steps
}

// responses documents the refusals of an operation, by status.
func (s *server) responses(op operation, body bool) map[string]*huma.Response {
	kinds := slices.Concat(op.refusals, []*fault.Kind{fault.Invalid, fault.NotAcceptable, fault.TooMany, fault.Unavailable, fault.Internal})
	if op.signedIn || op.operator {
		kinds = append(kinds, fault.Unauthenticated, fault.Malformed)
	}
	if op.operator {
		kinds = append(kinds, fault.Forbidden)
	}
	if op.keyed {
		kinds = append(kinds, fault.IdempotencyMissing, fault.IdempotencyReused, fault.OperatorCash)
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
		responses[status] = s.problemResponse(strings.Join(lines, "\n\n"))
	}
	return responses
}

func (s *server) problemResponse(description string) *huma.Response {
	schema := s.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "Problem")
	return &huma.Response{
		Description: description,
		Content:     map[string]*huma.MediaType{problemType: {Schema: schema}},
	}
}

// uuidPattern is the one form of ids. The parser knows more, such as urn:uuid:.
const uuidPattern = "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"

// uuidText is how a UUID looks in the documentation.
type uuidText string

// Schema describes it to huma.
func (uuidText) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "uuid",
		Pattern: uuidPattern, Examples: []any{"0198c0de-7a3b-7f11-8d2e-5b6f1c2a9e40"}}
}

func newRegistry() huma.Registry {
	registry := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	registry.RegisterTypeAlias(reflect.TypeFor[uuid.UUID](), reflect.TypeFor[uuidText]())
	return registry
}
