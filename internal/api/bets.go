package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"example.com/missionpot/internal/api/edge"
	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/core/ledger"
)

type placeBetInput struct {
	edge.Keyed
	edge.Waiting
	ID   uuid.UUID `path:"id" doc:"The id of the mission."`
	Body struct {
		Amount ledger.Won `json:"amount" minimum:"100" maximum:"1000000" doc:"In won. The streamer's min_stake and max_stake narrow it." example:"2000"`
	}
}

type getBetInput struct {
	ID    uuid.UUID `path:"id" doc:"The id of the mission."`
	BetID uuid.UUID `path:"bet_id" doc:"The id of the bet."`
}

// Bet is one person's cash on a mission, or on its way there.
type Bet struct {
	ID        uuid.UUID  `json:"id"`
	MissionID uuid.UUID  `json:"mission_id"`
	Amount    ledger.Won `json:"amount" example:"2000"`
	Status    string     `json:"status" enum:"pending,held,declined,paid,refunded" doc:"pending: safe in the log, not decided yet. held: in the pot. declined: nothing moved, see reason. paid: the mission succeeded. refunded: it came back."`
	Reason    *Reason    `json:"reason" doc:"Why it was declined; or mission_closed where it came after the verdict of a mission that succeeded and is given back; else null."`
	PlacedAt  time.Time  `json:"placed_at"`
	Delay     *Delay     `json:"delay,omitempty" doc:"There while the bet is pending for longer than it should be."`
}

// Delay says what a late bet means for its owner's cash.
type Delay struct {
	Code string `json:"code" enum:"delayed_safe" doc:"delayed_safe: the bet is in the log and gets its outcome, but later than usual. Don't place it again."`
	Text string `json:"text" doc:"To show to people who have no words of their own for the code." example:"Your bet is delayed, and safe."`
}

// decisionTime is how long a bet may be pending before its owner sees that
// it is late: the objective of the design is an outcome within five seconds. A
// bet that waits for the sweep or is among the dead letters is far older.
const decisionTime = 5 * time.Second

// delayedSafe is shown while nothing is decided, whatever the reason.
func delayedSafe() *Delay {
	return &Delay{Code: "delayed_safe", Text: "Your bet is delayed, and safe: it is logged and will be decided. " +
		"Until then no cash has moved. Don't place it again."}
}

// Reason is why a bet was declined.
type Reason string

// Schema describes it to huma, which can't say that an enumeration may be null. Null is
// beside the enumeration: generators make a value of their own of a null inside.
func (Reason) Schema(r huma.Registry) *huma.Schema {
	const name = "DeclineReason"
	r.Map()[name] = &huma.Schema{Type: huma.TypeString, Enum: []any{
		ledger.InsufficientCash, ledger.MissionClosed, ledger.TooLate, ledger.UnknownUser, ledger.UnknownMission,
	}}
	return &huma.Schema{AnyOf: []*huma.Schema{{Ref: "#/components/schemas/" + name}, {Type: "null"}}}
}

type placedBetAnswer struct {
	Status            int
	Location          string `header:"Location"`
	PreferenceApplied string `header:"Preference-Applied"`
	Body              Bet
}

type betAnswer struct{ Body Bet }

// bets adds to pots.
type bets struct {
	gate     *gate
	intake   *intake
	log      LoggedBets
	outcomes *outcomes
	now      func() time.Time
}

func (s *bets) serve(e *edge.Edge) {
	edge.Serve(e, movesCash(edge.Operation{
		ID: "place-bet", Method: http.MethodPost, Path: "/v1/missions/{id}/bets", Tag: "Bets", Status: http.StatusAccepted,
		Waits: true, Summary: "Put cash on a mission",
		Description: "202 means that your bet is logged and can't be lost; it is decided within moments. Look at `Location`, follow the mission's events, " +
			"or send `Prefer: wait=5` to get the outcome in this answer. A key is yours and one mission's. " +
			"A mission that is `proposed` takes no bets yet, though its `is_active` is true: `409 not_accepted`.",
		Also: map[int]string{
			http.StatusOK:      "A repeated call: the bet with its outcome.",
			http.StatusCreated: "Decided while you waited: held, or declined with a reason.",
		},
		Refusals: []*fault.Kind{fault.InsufficientCash, fault.OwnMission, fault.NotFound, fault.NotAccepted, fault.NotActive, fault.ExitOnly},
	}), s.placeBet)
	edge.Serve(e, edge.Operation{
		ID: "get-bet", Method: http.MethodGet, Path: "/v1/missions/{id}/bets/{bet_id}", Tag: "Bets", SignedIn: true,
		Summary: "What became of your bet", Refusals: []*fault.Kind{fault.NotFound},
		Description: "Only its owner sees a bet. A bet that is `pending` for more than five seconds is late, not lost: it has a `delay`.",
	}, s.getBet)
}

func (s *bets) placeBet(ctx context.Context, in *placeBetInput) (*placedBetAnswer, error) {
	user, hash := edge.Caller(ctx), edge.RequestHash("bet", in.Body.Amount)
	b, first, err := s.logBet(ctx, in, user, hash)
	if err != nil {
		return nil, err
	}
	decided := outcome{}
	if !first {
		decided, _ = s.outcomes.of(ctx, b.ID) // unknown is as good as pending
	}
	if !decided.known {
		// A repeated call may be here because its first try died before this.
		s.intake.handOn(ctx, b)
		decided = s.outcomes.await(ctx, b.ID, in.Wait())
	}
	out := &placedBetAnswer{
		Status: http.StatusAccepted, Body: s.showBet(b, decided), PreferenceApplied: in.Applied(),
		Location: "/v1/missions/" + b.MissionID.String() + "/bets/" + b.ID.String(),
	}
	switch {
	case decided.known && first:
		out.Status = http.StatusCreated
	case decided.known:
		out.Status = http.StatusOK
	}
	return out, nil
}

// logBet logs what is not plainly impossible. The log itself knows the keys it
// has, so a key is looked up only for a call that is about to be refused: one
// that came before gets its first answer all the same (rule 1). That spares
// every other bet a read of the log.
func (s *bets) logBet(ctx context.Context, in *placeBetInput, user uuid.UUID, hash []byte) (ledger.Bet, bool, error) {
	m, refusal := s.gate.check(ctx, in.ID, user, in.Body.Amount)
	e := ledger.LogEntry{
		Bet:  ledger.Bet{MissionID: in.ID, UserID: user, Amount: in.Body.Amount, Deadline: m.Deadline},
		Kind: ledger.BetEntry, IdempotencyKey: in.Key, RequestHash: hash,
	}
	if refusal == nil {
		return s.intake.log(ctx, e)
	}
	b, known, err := s.log.Lookup(ctx, e)
	if err == nil && !known {
		err = refusal
	}
	return b, false, err
}

func (s *bets) getBet(ctx context.Context, in *getBetInput) (*betAnswer, error) {
	decided, err := s.outcomes.of(ctx, in.BetID)
	if err != nil {
		return nil, err
	}
	b := ledger.Bet{
		ID: in.BetID, MissionID: decided.status.MissionID, UserID: decided.status.UserID,
		Amount: decided.status.Amount, LoggedAt: decided.status.LoggedAt,
	}
	if !decided.known {
		if b, err = s.log.ByBetID(ctx, in.ID, in.BetID); err != nil {
			return nil, err
		}
	}
	if b.UserID != edge.Caller(ctx) || b.MissionID != in.ID {
		return nil, fault.NotFound.Because("You have no such bet on this mission.")
	}
	return &betAnswer{Body: s.showBet(b, decided)}, nil
}

// showBet shows a bet in the same way whether it was read from the log or the ledger.
func (s *bets) showBet(b ledger.Bet, decided outcome) Bet {
	shown := Bet{ID: b.ID, MissionID: b.MissionID, Amount: b.Amount, Status: "pending", PlacedAt: b.LoggedAt}
	if !decided.known && s.now().Sub(shown.PlacedAt) > decisionTime {
		shown.Delay = delayedSafe()
	}
	if decided.known {
		shown.Status = decided.status.Status
		if reason := Reason(decided.status.Reason); reason != "" {
			shown.Reason = &reason
		}
	}
	return shown
}
