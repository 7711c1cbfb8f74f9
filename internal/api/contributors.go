package api

import (
	"context"
	"math"
	"net/http"

	"github.com/google/uuid"

	"example.com/missionpot/internal/api/edge"
	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/core/ledger"
)

type contributorsInput struct {
	edge.Page
	ID uuid.UUID `path:"id" doc:"The id of the mission."`
}

// Contributor is one line of a mission's ranking.
type Contributor struct {
	UserID      uuid.UUID  `json:"user_id"`
	DisplayName string     `json:"display_name" example:"Mina"`
	Amount      ledger.Won `json:"amount" doc:"All they put in, in won." example:"7000"`
}

type contributorsAnswer struct{ Body edge.Listed[Contributor] }

// place is where a ranking is read on.
type place struct {
	Amount ledger.Won `json:"a"`
	UserID uuid.UUID  `json:"u"`
}

// contributors ranks those who put cash on a mission.
type contributors struct {
	seen     *missionCache
	rankings Rankings
}

func (s *contributors) serve(e *edge.Edge) {
	edge.Serve(e, edge.Operation{
		ID: "list-contributors", Method: http.MethodGet, Path: "/v1/missions/{id}/contributors", Tag: "Bets",
		Summary: "Who put in how much", Description: "Most first. A person's bets are added up. The ranking goes on while you read it: someone who rises or falls between two pages " +
			"can be missing from both, or be on both. Read it again from the start for a new view.", Refusals: []*fault.Kind{fault.NotFound},
	}, s.list)
}

func (s *contributors) list(ctx context.Context, in *contributorsInput) (*contributorsAnswer, error) {
	list := edge.ListOf("contributors", in.ID)
	from, err := edge.After(in.Page, list, place{Amount: math.MaxInt64})
	if err != nil {
		return nil, err
	}
	if _, err := s.seen.get(ctx, in.ID); err != nil {
		return nil, err
	}
	ranking, err := s.rankings.Ranking(ctx, in.ID, ledger.Standing{Amount: from.Amount, UserID: from.UserID}, in.Limit+1)
	if err != nil {
		return nil, err
	}
	listed, err := edge.Paginate(in.Page, list, ranking,
		func(st ledger.Standing) Contributor { return Contributor(st) },
		func(st ledger.Standing) place { return place{st.Amount, st.UserID} })
	return &contributorsAnswer{Body: listed}, err
}
