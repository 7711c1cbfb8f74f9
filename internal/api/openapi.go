package api

import (
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

const bearerScheme = "bearer"

// about is the front page of the documentation.
const about = `Missionpot: viewers put cash on a *mission* for a streamer, others add to the pot, the streamer judges.
Success pays the pot to the streamer. Failure, rejection or the time limit gives everyone their cash back.
Nobody ever gets more than they put in.

**Cash** is in South Korean won, always a whole number. **Times** are RFC 3339 in UTC, always with three digits after the second.

**Signing in.** ` + "`POST /v1/users`, then `POST /v1/login`" + `; send the access token as ` + "`Authorization: Bearer …`" + `.
It is good for 15 minutes; ` + "`POST /v1/token`" + ` gives the next one.

**Calls that move cash** take an ` + "`Idempotency-Key`" + `, a name of your own for the call. When an answer gets lost, repeat the
call with the same key: it is done once, and you get the first answer.

**Errors** are ` + "`application/problem+json`" + ` (RFC 9457). Program against ` + "`code`" + `; show ` + "`detail`" + ` to people who can fix the
request. Come back after ` + "`Retry-After`" + ` where it is given. An id that is not a UUID is ` + "`422`" + `, one that nothing has is ` + "`404`" + `.

**Exit-only.** Every answer tells in ` + "`Missionpot-Mode`" + ` whether new cash is taken: ` + "`open`" + ` or ` + "`exit_only`" + `. In the latter
stakes, bets and charges are refused with ` + "`503 exit_only`" + `; verdicts, payouts and refunds go on.

**Answers** may get more fields; ignore those you do not know. **Lists** are ` + "`{items, next_cursor}`" + `; give ` + "`next_cursor`" + ` as ` + "`cursor`" + ` for the next page.`

// humaConfig is huma without its own pages, links and fallbacks: they load
// scripts from elsewhere or say what this API does not.
func humaConfig() huma.Config {
	json := huma.Format{Marshal: write, Unmarshal: unmarshal}
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: "Missionpot", Version: "1.0.0", Description: about,
				License: &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"},
				Contact: &huma.Contact{Name: "The operators of this server"},
			},
			Servers: []*huma.Server{{URL: "/", Description: "The server this document came from."}},
			Tags: []*huma.Tag{
				{Name: "Accounts", Description: "People and their settings."},
				{Name: "Sessions", Description: "Signing in and out."},
				{Name: "Cash", Description: "Putting cash in and seeing where it went."},
				{Name: "Missions", Description: "Asking, accepting, judging."},
				{Name: "Bets", Description: "Adding to a pot."},
				{Name: "Events", Description: "Watching."},
				{Name: "Books", Description: "The proof that every won is accounted for."},
				{Name: "Operators", Description: "For whoever looks after it. Needs the role."},
				{Name: "Platform", Description: "For whoever runs it."},
			},
			Components: &huma.Components{
				Schemas: newRegistry(), Headers: commonHeaders(),
				SecuritySchemes: map[string]*huma.SecurityScheme{bearerScheme: {
					Type: "http", Scheme: "bearer", BearerFormat: "JWT",
					Description: "The access token that `POST /v1/login` returns. It is signed with EdDSA; algorithm, issuer, audience and expiry are verified (RFC8725).",
				}},
			},
		},
		Formats:       map[string]huma.Format{jsonType: json, "json": json}, // the second one is of problem+json
		DefaultFormat: jsonType,
		Transformers:  []huma.Transformer{showProblem},
	}
}

// tidy takes huma's own errors out of the document, which nobody ever gets, and
// opens the schemas of answers: a field that is added one day must not break a
// client made from today's document. Requests stay closed.
func tidy(schemas huma.Registry) {
	delete(schemas.Map(), "ErrorModel")
	delete(schemas.Map(), "ErrorDetail")
	for name, schema := range schemas.Map() {
		if !strings.HasSuffix(name, "InputBody") {
			schema.AdditionalProperties = nil
		}
	}
}
