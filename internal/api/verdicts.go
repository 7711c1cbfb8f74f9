package api

import (
	"context"
	"net/http"
	"sync"

	"example.com/missionpot/internal/api/edge"
	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/core/mission"
)

// verdicts lets streamers decide about their missions, and creators take theirs back.
type verdicts struct {
	missions Verdicts
	seen     *missionCache
	after    *followUp
}

func (s *verdicts) serve(e *edge.Edge) {
	for _, v := range []struct {
		action  mission.Action
		summary string
		says    string
	}{
		{mission.Accept, "Take a proposed mission on", "`proposed` → `active`. The time limit runs from now, and a repeated call is answered while the mission is `active`."},
		{mission.Reject, "Say no to a proposed mission", "`proposed` → `rejected`. Everyone gets their cash back."},
		{mission.Success, "Declare that it was done", "`active` → `succeeded`. The pot is paid to you."},
		{mission.Fail, "Declare that it was not done", "`active` → `failed`. Everyone gets their cash back."},
	} {
		op := edge.Operation{
			ID: string(v.action) + "-mission", Method: http.MethodPost, Path: "/v1/missions/{id}/" + string(v.action),
			Tag: "Missions", SignedIn: true, Summary: v.summary,
			Description: v.says + " Only the mission's streamer may, and only before the deadline. " +
				"It is final: another answer than the first is refused with `not_active`. " +
				repeatable,
			Refusals: []*fault.Kind{fault.NotFound, fault.NotStreamer, fault.NotActive},
		}
		if v.action == mission.Success { // an operator may have been a streamer before
			op.Allow, op.Refusals = refuseOperator, append(op.Refusals, fault.OperatorCash)
		}
		edge.Serve(e, op, s.act(v.action))
	}
	edge.Serve(e, edge.Operation{
		ID: "withdraw-mission", Method: http.MethodPost, Path: "/v1/missions/{id}/withdraw",
		Tag: "Missions", SignedIn: true, Summary: "Take your proposed mission back",
		Description: "`proposed` → `withdrawn`. You get your cash back. Only the mission's creator may, and only until the streamer has accepted or the time is up. " +
			"It is final. " + repeatable,
		Refusals: []*fault.Kind{fault.NotFound, fault.NotCreator, fault.NotActive},
	}, s.act(mission.Withdraw))
}

// repeatable says what a repeated action does.
const repeatable = "The call is safe to repeat: if the answer got lost, call again and you get the mission as it is now, and nothing happens twice. " +
	"The cash moves right after; `settled_at` says when it has."

// act changes the mission first and publishes after the commit. A repeated verdict
// publishes again until it is settled, in case the first time failed: a settlement
// is made once, however often its verdict comes (rule 7).
func (s *verdicts) act(a mission.Action) func(context.Context, *byID) (*missionAnswer, error) {
	return func(ctx context.Context, in *byID) (*missionAnswer, error) {
		m, err := s.missions.Act(ctx, in.ID, edge.Caller(ctx), a)
		if err != nil {
			return nil, err
		}
		s.seen.put(m)
		var both sync.WaitGroup
		if closing, decided := m.Closing(); decided && m.SettledAt == nil {
			both.Go(func() { s.after.publish(ctx, event.NewVerdictGiven(closing)) })
		}
		both.Go(func() { s.after.copyToBoard(ctx, m.ID) })
		both.Wait()
		return &missionAnswer{Body: m.Snapshot()}, nil
	}
}
