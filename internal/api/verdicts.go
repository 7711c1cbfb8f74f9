package api

import (
	"context"
	"net/http"
	"sync"

	"example.com/missionpot/internal/event"
	"example.com/missionpot/internal/fault"
	"example.com/missionpot/internal/mission"
)

func (s *server) serveVerdicts() {
	for _, v := range []struct {
		action  mission.Action
		summary string
		says    string
	}{
		{mission.Accept, "Take a proposed mission on", "`proposed` → `active`. The time limit runs from now."},
		{mission.Reject, "Say no to a proposed mission", "`proposed` → `rejected`. Everyone gets their cash back."},
		{mission.Success, "Declare that it was done", "`active` → `succeeded`. The pot is paid to you."},
		{mission.Fail, "Declare that it was not done", "`active` → `failed`. Everyone gets their cash back."},
	} {
		serve(s, operation{
			id: string(v.action) + "-mission", method: http.MethodPost, path: "/v1/missions/{id}/" + string(v.action),
			tag: "Missions", signedIn: true, summary: v.summary,
			description: v.says + " Only the mission's streamer may, and only before the deadline. " +
				"A verdict is final: a second one, even the same, is refused with `not_active`, so look at the mission if an answer got lost. " +
				"The cash moves right after; `settled_at` tells when it has.",
			refusals: []*fault.Kind{fault.NotFound, fault.NotStreamer, fault.NotActive},
		}, s.act(v.action))
	}
}

// act changes the mission first and tells the steps after the commit.
func (s *server) act(a mission.Action) func(context.Context, *byID) (*missionAnswer, error) {
	return func(ctx context.Context, in *byID) (*missionAnswer, error) {
		m, err := s.Missions.Act(ctx, in.ID, caller(ctx), a)
		if err != nil {
			return nil, err
		}
		s.seen.put(m)
		var both sync.WaitGroup
		if closing, decided := m.Closing(); decided {
			both.Go(func() { s.publish(ctx, event.NewVerdictGiven(closing)) })
		}
		both.Go(func() { s.copyToBoard(ctx, m.ID) })
		both.Wait()
		return &missionAnswer{Body: m.Snapshot()}, nil
	}
}
