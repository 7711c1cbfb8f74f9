package api

import (
	"context"
	"net/http"
	"slices"

	"github.com/google/uuid"

	"example.com/missionpot/internal/api/edge"
	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/core/mission"
)

type listMissionsInput struct {
	edge.Page
	StreamerID uuid.UUID        `query:"streamer_id" doc:"Only missions for this streamer."`
	CreatorID  uuid.UUID        `query:"creator_id" doc:"Only missions by this person."`
	Status     []mission.Status `query:"status,explode" nullable:"false" minItems:"1" maxItems:"9" uniqueItems:"true" enum:"funding,proposed,active,succeeded,failed,expired,rejected,unfunded,withdrawn" doc:"Only missions in these states; repeat it for several."`
}

type missionsAnswer struct{ Body edge.Listed[mission.Snapshot] }

type byID struct {
	ID uuid.UUID `path:"id" doc:"The id of the account."`
}

// missionLists shows missions.
type missionLists struct{ missions MissionLists }

func (s *missionLists) serve(e *edge.Edge) {
	edge.Serve(e, edge.Operation{
		ID: "list-missions", Method: http.MethodGet, Path: "/v1/missions", Tag: "Missions",
		Summary: "Missions, newest first", Description: "The filters narrow the list together.",
	}, s.list)
	edge.Serve(e, edge.Operation{
		ID: "get-mission", Method: http.MethodGet, Path: "/v1/missions/{id}", Tag: "Missions",
		Summary: "One mission", Refusals: []*fault.Kind{fault.NotFound},
		Description: "`reward` is the pot. It never shrinks, so it still shows what was at stake after the mission is settled.",
	}, s.get)
}

func (s *missionLists) list(ctx context.Context, in *listMissionsInput) (*missionsAnswer, error) {
	slices.Sort(in.Status)
	list := edge.ListOf("missions", in.StreamerID, in.CreatorID, in.Status)
	before, err := edge.After(in.Page, list, uuid.Nil)
	if err != nil {
		return nil, err
	}
	missions, err := s.missions.List(ctx, mission.Filter{
		StreamerID: in.StreamerID, CreatorID: in.CreatorID, Statuses: in.Status, Before: before, Limit: in.Limit + 1,
	})
	if err != nil {
		return nil, err
	}
	listed, err := edge.Paginate(in.Page, list, missions, mission.Mission.Snapshot, func(m mission.Mission) uuid.UUID { return m.ID })
	return &missionsAnswer{Body: listed}, err
}

func (s *missionLists) get(ctx context.Context, in *byID) (*missionAnswer, error) {
	m, err := s.missions.ByID(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &missionAnswer{Body: m.Snapshot()}, nil
}
