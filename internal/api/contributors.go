package api

import (
	"context"
	"math"

	"github.com/google/uuid"

	"example.com/missionpot/internal/ledger"
)

type contributorsInput struct {
	Page
	ID uuid.UUID `path:"id" doc:"The id of the mission."`
}

// Contributor is one line of a mission's ranking.
type Contributor struct {
	UserID      uuid.UUID  `json:"user_id"`
	DisplayName string     `json:"display_name" example:"Mina"`
	Amount      ledger.Won `json:"amount" doc:"All they put in, in won." example:"7000"`
}

type contributorsAnswer struct{ Body Listed[Contributor] }

// place is where a ranking is read on.
type place struct {
	Amount ledger.Won `json:"a"`
	UserID uuid.UUID  `json:"u"`
}

func (s *server) contributors(ctx context.Context, in *contributorsInput) (*contributorsAnswer, error) {
	list := listOf("contributors", in.ID)
	from, err := after(in.Page, list, place{Amount: math.MaxInt64})
	if err != nil {
		return nil, err
	}
	if _, err := s.seen.get(ctx, in.ID); err != nil {
		return nil, err
	}
	ranking, err := s.Books.Ranking(ctx, in.ID, ledger.Standing{Amount: from.Amount, UserID: from.UserID}, in.Limit+1)
	if err != nil {
		return nil, err
	}
	listed, err := page(in.Page, list, ranking,
		func(st ledger.Standing) Contributor { return Contributor(st) },
		func(st ledger.Standing) place { return place{st.Amount, st.UserID} })
	return &contributorsAnswer{Body: listed}, err
}
