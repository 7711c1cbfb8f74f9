package api

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/api/edge"
	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/core/mission"
)

type createMissionInput struct {
	edge.Keyed
	edge.Waiting
	Body struct {
		StreamerID       uuid.UUID  `json:"streamer_id" doc:"Who is to do it."`
		Title            string     `json:"title" minLength:"1" maxLength:"100" example:"Finish the boss without a hit"`
		Description      string     `json:"description,omitempty" maxLength:"1000" example:"Any weapon, no summons."`
		Stake            ledger.Won `json:"stake" minimum:"100" maximum:"1000000" doc:"What you put in first, in won. The streamer's min_stake and max_stake narrow it." example:"5000"`
		TimeLimitSeconds int64      `json:"time_limit_seconds" minimum:"60" maximum:"604800" doc:"How long the streamer has from acceptance: a minute to 7 days." example:"3600"`
	}
}

type missionAnswer struct{ Body mission.Snapshot }

type createdMissionAnswer struct {
	Location          string `header:"Location"`
	PreferenceApplied string `header:"Preference-Applied"`
	Body              mission.Snapshot
}

// missions makes missions.
type missions struct {
	store     NewMissions
	streamers Streamers
	mode      *modeWatch
	intake    *intake
	after     *followUp
}

func (s *missions) serve(e *edge.Edge) {
	edge.Serve(e, movesCash(edge.Operation{
		ID: "create-mission", Method: http.MethodPost, Path: "/v1/missions", Tag: "Missions", Status: http.StatusCreated,
		Waits: true, Summary: "Ask a streamer for something",
		Description: "Your stake is the first cash in the pot. The mission is `funding` until the stake is held, usually within a second; " +
			"then it is `active`, or `proposed` if the streamer wants to be asked. If the stake can't be held it is `unfunded`. " +
			"Once made, a mission is never edited or deleted; it only takes more cash. " +
			"The number of new missions within an hour, and of open ones at once, is limited: `429` with the code `too_many_missions`.",
		Refusals: []*fault.Kind{fault.InsufficientCash, fault.NotFound, fault.OwnMission, fault.TooManyMissions, fault.ExitOnly},
	}), s.createMission)
}

func (s *missions) createMission(ctx context.Context, in *createMissionInput) (*createdMissionAnswer, error) {
	draft := mission.Draft{
		CreatorID: edge.Caller(ctx), StreamerID: in.Body.StreamerID, Title: in.Body.Title, Description: in.Body.Description,
		Stake: in.Body.Stake, TimeLimit: time.Duration(in.Body.TimeLimitSeconds) * time.Second,
	}
	hash := edge.RequestHash("mission", draft.StreamerID, draft.Title, draft.Description, draft.Stake, in.Body.TimeLimitSeconds)
	m, known, err := s.knownMission(ctx, draft.CreatorID, in.Key, hash)
	if err == nil && !known {
		m, err = s.newMission(ctx, draft, in.Key, hash)
	}
	if err != nil {
		return nil, err
	}
	if m.Status == mission.Funding {
		if err := s.placeStake(ctx, m, in.Key, hash); err != nil {
			return nil, err
		}
		m = s.awaitFunding(ctx, m, in.Wait())
	}
	return &createdMissionAnswer{
		Location: "/v1/missions/" + m.ID.String(), PreferenceApplied: in.Applied(), Body: m.Snapshot(),
	}, nil
}

// knownMission looks the key up before anything can refuse the call (rule 1).
func (s *missions) knownMission(ctx context.Context, creator uuid.UUID, key string, hash []byte) (mission.Mission, bool, error) {
	m, known, ok, err := s.store.ByKey(ctx, creator, key)
	if err == nil && ok && !bytes.Equal(known, hash) {
		err = fault.IdempotencyReused
	}
	return m, ok, err
}

func (s *missions) newMission(ctx context.Context, draft mission.Draft, key string, hash []byte) (mission.Mission, error) {
	if err := s.mode.checkOpen(ctx); err != nil {
		return mission.Mission{}, err
	}
	streamer, err := s.streamers.UserByID(ctx, draft.StreamerID)
	if err != nil {
		return mission.Mission{}, err
	}
	if !streamer.Streamer {
		return mission.Mission{}, fault.NotFound.On("body.streamer_id", "There is no such streamer.")
	}
	if err := draft.Check(streamer.Terms); err != nil {
		return mission.Mission{}, err
	}
	if err := checkCash(ctx, draft.Stake); err != nil {
		return mission.Mission{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return mission.Mission{}, err
	}
	m, created, err := s.store.Create(ctx, id, draft, streamer.Terms, key, hash)
	if err == nil && created {
		s.after.copyToBoard(ctx, m.ID)
	}
	return m, err
}

// placeStake logs the creator's first bet. A retry of the creation comes here
// as well and finds it logged (rule 2), or logs it now.
func (s *missions) placeStake(ctx context.Context, m mission.Mission, key string, hash []byte) error {
	stake := ledger.LogEntry{
		Bet: ledger.Bet{
			MissionID: m.ID, UserID: m.CreatorID, Amount: m.Stake, Stake: true, Deadline: m.Deadline,
		},
		Kind: ledger.StakeEntry, IdempotencyKey: key, RequestHash: hash,
	}
	if err := s.streamerStays(ctx, m, stake); err != nil {
		return err
	}
	b, _, err := s.intake.log(ctx, stake)
	if err != nil {
		return err
	}
	s.intake.handOn(ctx, b)
	return nil
}

// streamerStays refuses a mission whose streamer has left since it was looked for them,
// is about to, or takes no missions any more. It has no stake yet, so it is unfunded in
// the end and no cash moves. A mission whose stake is logged goes on to its end (rule 1).
func (s *missions) streamerStays(ctx context.Context, m mission.Mission, stake ledger.LogEntry) error {
	takes, err := s.streamers.TakesMissions(ctx, m.StreamerID)
	if err != nil || takes {
		return err
	}
	_, logged, err := s.intake.entries.Lookup(ctx, stake)
	if err == nil && !logged {
		err = fault.NotFound.On("body.streamer_id", "There is no such streamer.")
	}
	return err
}

// awaitFunding looks again until the mission is no longer funding or the time
// is up, and returns it as seen last.
func (s *missions) awaitFunding(ctx context.Context, m mission.Mission, wait time.Duration) mission.Mission {
	poll(ctx, wait, func(ctx context.Context) bool {
		seen, err := s.store.ByID(ctx, m.ID)
		if err != nil {
			return false
		}
		m = seen
		return m.Status != mission.Funding
	})
	return m
}
