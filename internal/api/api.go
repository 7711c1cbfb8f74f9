package api

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"

	"example.com/missionpot/internal/api/edge"
	"example.com/missionpot/internal/api/people"
	"example.com/missionpot/internal/core/account"
	"example.com/missionpot/internal/core/ledger"
)

// New is the API as a handler. It does no I/O before the first request.
func New(d Dependencies) http.Handler { return wire(d).Handler() }

// OpenAPI is the API's description, in YAML.
func OpenAPI() ([]byte, error) { return wire(Dependencies{}).Document() }

// AllowOrigins lets scripts of the named web origins, such as
// https://app.example.com, call the API. An error names an origin that is none.
func AllowOrigins(next http.Handler, origins []string) (http.Handler, error) {
	return edge.AllowOrigins(next, origins, modeHeader)
}

// resource is a part of the API with operations of its own.
type resource interface{ serve(e *edge.Edge) }

// wire gives each resource what it needs, and no more.
func wire(d Dependencies) *edge.Edge {
	mode := newModeWatch(d.Checks, d.ExitOnly, d.Now)
	seen := newMissionCache(d.Now, d.Missions)
	access := newAccess(d.Books, d.Operators, d.Factors)
	e := edge.New(edgeOptions(d, mode, access))
	(&events{seen, d.Events, d.Missions, d.Accounts, newStreams(e, d, seen)}).serve(e)
	if d.EventsOnly {
		return e
	}
	people.Serve(e, people.Dependencies{
		Accounts: d.Accounts, Sessions: d.Sessions, Logins: d.Logins, Resets: d.Resets, Factors: d.Factors,
		Passwords: d.Passwords, Tokens: d.Tokens, Balances: d.Books, Missions: d.Missions,
		LoginKey: d.LoginKey, SignUps: d.SignUps, Hashes: d.Hashes, Now: d.Now, Log: d.Log,
	})
	after := &followUp{d.Publisher, d.Board, d.Log}
	intake := &intake{d.BetLog, newAcceptedBets(), after}
	for _, r := range []resource{
		&charges{d.Charges, d.Payments, d.Books, mode},
		&transactions{d.Books},
		&missions{d.Missions, d.Accounts, mode, intake, after},
		&missionLists{d.Missions},
		&verdicts{d.Missions, seen, after},
		&bets{&gate{mode, seen, d.Now}, intake, d.BetLog, newOutcomes(d.Books), d.Now},
		&contributors{seen, d.Books},
		&deadLetters{d.DeadLetters, access},
		newProofs(d.Checks, mode, d.Now),
	} {
		r.serve(e)
	}
	return e
}

// edgeOptions is what the HTTP around the resources needs.
func edgeOptions(d Dependencies, mode *modeWatch, access *access) edge.Options {
	return edge.Options{
		Title: "Missionpot", About: about, Tags: tags(),
		Headers: []edge.Header{{
			Name: modeHeader, Doc: "Whether new cash is taken. Left out by the platform's probes, and while it is not known.",
			Schema: huma.Schema{Type: huma.TypeString, Enum: []any{modeOpen, modeExitOnly}},
		}},
		Announce: mode.announce,
		Numbers:  []*json.Unmarshalers{edge.WholeNumbers[ledger.Won]()},
		Tokens:   d.Tokens, Admit: access.admit, Probes: d.Probes,
		PerAddress: d.PerAddress, PerUser: d.PerUser, MaxCalls: d.MaxCalls, MaxStreams: d.MaxStreams,
		TrustedHops: d.TrustedHops, Network: account.Place,
		Draining: d.Draining, Now: d.Now, Log: d.Log,
	}
}
