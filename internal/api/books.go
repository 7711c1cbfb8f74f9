package api

import (
	"context"
	"net/http"
	"time"

	"example.com/missionpot/internal/api/edge"
	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/core/reconcile"
	"example.com/missionpot/internal/flow/cache"
)

const (
	// proofAge is how old the last check may be that an instance shows: it is read
	// once in that time, however many ask.
	proofAge = 5 * time.Second
	// proofControl lets others keep the answer as well; a check comes once a minute.
	proofControl = "public, max-age=5"
)

// Proof shows that every won is accounted for.
type Proof struct {
	Mode      string        `json:"mode" enum:"open,exit_only" doc:"exit_only: no new cash is taken, all that is held finds its way out."`
	ModeSince *time.Time    `json:"mode_since" nullable:"true" doc:"Null if it never changed."`
	CheckedAt time.Time     `json:"checked_at" doc:"When the figures were read, all at one moment."`
	Clean     bool          `json:"clean" doc:"Whether the check found no rule broken."`
	Findings  ProofFindings `json:"findings"`
	Cash      ProofCash     `json:"cash"`
	Pots      ProofPots     `json:"pots"`
}

// ProofFindings counts what the check found.
type ProofFindings struct {
	Broken int `json:"broken" doc:"Broken rules. More than none stops new cash until people have looked."`
	Late   int `json:"late" doc:"What takes longer than it should and is not lost."`
}

// ProofCash is where all the cash is that ever came in.
type ProofCash struct {
	Charged ledger.Won `json:"charged" doc:"Came in, in won." example:"50000"`
	Wallets ledger.Won `json:"wallets" doc:"In all wallets." example:"47000"`
	Held    ledger.Won `json:"held" doc:"In the pots of missions that are not settled." example:"3000"`
	Out     ledger.Won `json:"out" doc:"Left for the outside. There is no way to do that yet."`
	Sum     ledger.Won `json:"sum" doc:"charged - wallets - held - out: zero, or cash was made or lost." example:"0"`
}

// ProofPots is what became of all that was ever put into pots.
type ProofPots struct {
	PutIn    ledger.Won `json:"put_in" example:"3000"`
	Paid     ledger.Won `json:"paid" doc:"To streamers." example:"0"`
	Refunded ledger.Won `json:"refunded" doc:"Back to contributors." example:"0"`
	Held     ledger.Won `json:"held" example:"3000"`
	Sum      ledger.Won `json:"sum" doc:"put_in - paid - refunded - held: zero." example:"0"`
}

type booksAnswer struct {
	CacheControl string `header:"Cache-Control"`
	Body         Proof
}

// proofs shows what the last check of the books found. The check is cached, so that
// showing it is no way to load the database.
type proofs struct {
	mode   *modeWatch
	checks *cache.Value[lastCheck]
}

// lastCheck is the last check, if there was one.
type lastCheck struct {
	report reconcile.Report
	there  bool
}

func newProofs(checks LastChecks, mode *modeWatch, now func() time.Time) *proofs {
	read := func(ctx context.Context) (c lastCheck, err error) {
		c.report, c.there, err = checks.LastCheck(ctx)
		return c, err
	}
	return &proofs{mode, cache.New(read, cache.Options[lastCheck]{Age: proofAge, Limit: edge.CallTime, Now: now})}
}

func (s *proofs) serve(e *edge.Edge) {
	edge.Serve(e, edge.Operation{
		ID: "get-books", Method: http.MethodGet, Path: "/v1/books", Tag: "Books",
		Summary: "The public proof of the books",
		Description: "What the last check found, usually not older than a minute or two: the sums over all accounts at one moment, which add up to zero, " +
			"and whether any rule is broken. 503 until there was a first check.",
	}, s.last)
}

func (s *proofs) last(ctx context.Context, _ *struct{}) (*booksAnswer, error) {
	mode, err := s.mode.current(ctx)
	if err != nil {
		return nil, err
	}
	last, err := s.checks.Get(ctx)
	if err != nil {
		return nil, err
	}
	if !last.there {
		return nil, fault.Unavailable.Because("The books were not checked yet.").After(proofAge)
	}
	proof := showProof(last.report)
	proof.Mode = s.mode.name(mode)
	if !mode.Since.IsZero() {
		proof.ModeSince = &mode.Since
	}
	return &booksAnswer{CacheControl: proofControl, Body: proof}, nil
}

func showProof(r reconcile.Report) Proof {
	f := r.Figures
	return Proof{
		CheckedAt: r.StartedAt, Clean: r.Clean(), Findings: ProofFindings{Broken: r.Broken, Late: r.Late},
		Cash: ProofCash{Charged: f.Charged, Wallets: f.Wallets, Held: f.Held, Out: f.Out(), Sum: f.Drift()},
		Pots: ProofPots{PutIn: f.PutIn, Paid: f.Paid, Refunded: f.Refunded, Held: f.Held, Sum: f.PotsDrift()},
	}
}
