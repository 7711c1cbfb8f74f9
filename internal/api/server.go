package api

import (
	"log/slog"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/google/uuid"

	"example.com/missionpot/internal/account"
	"example.com/missionpot/internal/batch"
)

// The names of fields are exact. huma takes them in any case unless told
// otherwise, checks one spelling and lets the decoder read the other.
func init() { huma.ValidateStrictCasing = true }

type server struct {
	Dependencies
	log                          *slog.Logger
	huma                         huma.API
	mux                          *http.ServeMux
	seen                         *missionCache
	wallets                      *batch.Batcher[uuid.UUID, account.Wallet]
	outcomes                     *batch.Batcher[uuid.UUID, outcome]
	metrics                      metrics
	perAddress, perUser, signUps *quota
	topics                       *topics
	mode                         *modeWatch
	proofs                       *proofCache
	frames                       frames
	calls, streams               *places
}

// New is the API as a handler. It does no I/O before the first request.
func New(d Dependencies) http.Handler {
	s := build(d)
	return s.outer(s.mux)
}

// OpenAPI is the API's description, in YAML.
func OpenAPI() ([]byte, error) {
	return build(Dependencies{Role: RoleAll}).huma.OpenAPI().YAML()
}

func build(d Dependencies) *server {
	s := &server{Dependencies: d, log: d.Log, mux: http.NewServeMux(), metrics: newMetrics()}
	s.calls, s.streams = newPlaces(d.MaxCalls), newPlaces(d.MaxStreams)
	s.seen = newMissionCache(d.Now, d.Missions)
	s.Passwords = newFairPasswords(d.Passwords, d.Limits.Hashes)
	s.topics = newTopics()
	s.mode = &modeWatch{now: d.Now, checks: d.Checks}
	s.proofs = &proofCache{now: d.Now, checks: d.Checks}
	s.perAddress = newQuota("address", d.Limits.PerAddress, d.Now)
	s.perUser = newQuota("user", d.Limits.PerUser, d.Now)
	s.signUps = newQuota("sign-ups", d.Limits.SignUps, d.Now)
	s.wallets = batch.New(s.readWallets, batch.Options{Max: 500})
	s.outcomes = batch.New(s.readOutcomes, batch.Options{Max: 1000})
	s.huma = humago.New(s.mux, humaConfig())
	s.serveHealth()
	if d.Role != RoleLive {
		s.serveSessions()
		s.serveAccounts()
		s.servePasswords()
		s.serveResets()
		s.serveFactors()
		s.serveCharges()
		s.serveMissions()
		s.serveVerdicts()
		s.serveBets()
		s.serveDeadLetters()
		s.serveBooks()
	}
	s.serveEvents()
	tidy(s.huma.OpenAPI().Components.Schemas)
	s.serveDocumentation()
	return s
}
