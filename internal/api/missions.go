package api

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/event"
	"example.com/missionpot/internal/fault"
	"example.com/missionpot/internal/ledger"
	"example.com/missionpot/internal/mission"
)

type createMissionInput struct {
	Keyed
	Waiting
	Body struct {
		StreamerID       uuid.UUID  `json:"streamer_id" doc:"Who is to do it."`
		Title            string     `json:"title" minLength:"1" maxLength:"100" example:"Finish the boss without a hit"`
		Description      string     `json:"description,omitempty" maxLength:"1000" example:"Any weapon, no summons."`
		Stake            ledger.Won `json:"stake" minimum:"100" maximum:"1000000" doc:"What you put in first, in won. The streamer's min_stake and max_stake narrow it." example:"5000"`
		TimeLimitSeconds int64      `json:"time_limit_seconds" minimum:"60" maximum:"604800" doc:"How long the streamer has from acceptance: a minute to 7 days." example:"3600"`
	}
}

type listMissionsInput struct {
	Page
	StreamerID uuid.UUID        `query:"streamer_id" doc:"Only missions for this streamer."`
	CreatorID  uuid.UUID        `query:"creator_id" doc:"Only missions by this person."`
	Status     []mission.Status `query:"status,explode" nullable:"false" minItems:"1" maxItems:"8" uniqueItems:"true" enum:"funding,proposed,active,succeeded,failed,expired,rejected,unfunded" doc:"Only missions in these states; repeat it for several."`
}

type missionAnswer struct{ Body mission.Snapshot }

type createdMissionAnswer struct {
	Location          string `header:"Location"`
	PreferenceApplied string `header:"Preference-Applied"`
	Body              mission.Snapshot
}

type missionsAnswer struct{ Body Listed[mission.Snapshot] }

func (s *server) serveMissions() {
	serve(s, operation{
		id: "create-mission", method: http.MethodPost, path: "/v1/missions", tag: "Missions", status: http.StatusCreated,
		signedIn: true, keyed: true, waits: true, summary: "Ask a streamer for something",
		description: "Your stake is the first cash in the pot. The mission is `funding` until the stake is held, usually within a second; " +
			"then it is `active`, or `proposed` if the streamer wants to be asked. If the stake can't be held it is `unfunded`. " +
			"Once made, a mission is never edited or deleted; it only takes more cash. " +
			"The number of new missions within an hour, and of open ones at once, is limited: `429` with the code `too_many_missions`.",
		refusals: []*fault.Kind{fault.InsufficientCash, fault.NotFound, fault.OwnMission, fault.TooManyMissions, fault.ExitOnly},
	}, s.createMission)
	serve(s, operation{
		id: "list-missions", method: http.MethodGet, path: "/v1/missions", tag: "Missions",
		summary: "Missions, newest first", description: "The filters narrow the list together.",
	}, s.listMissions)
	serve(s, operation{
		id: "get-mission", method: http.MethodGet, path: "/v1/missions/{id}", tag: "Missions",
		summary: "One mission", refusals: []*fault.Kind{fault.NotFound},
		description: "`reward` is the pot. It never shrinks, so it still shows what was at stake after the mission is settled.",
	}, s.getMission)
}

func (s *server) createMission(ctx context.Context, in *createMissionInput) (*createdMissionAnswer, error) {
	draft := mission.Draft{
		CreatorID: caller(ctx), StreamerID: in.Body.StreamerID, Title: in.Body.Title, Description: in.Body.Description,
		Stake: in.Body.Stake, TimeLimit: time.Duration(in.Body.TimeLimitSeconds) * time.Second,
	}
	hash := requestHash("mission", draft.StreamerID, draft.Title, draft.Description, draft.Stake, in.Body.TimeLimitSeconds)
	m, known, err := s.knownMission(ctx, draft.CreatorID, in.Key, hash)
	if err == nil && !known {
		m, err = s.newMission(ctx, draft, in.Key, hash)
	}
	if err != nil {
		return nil, err
	}
	if m.Status == mission.Funding {
		if err := s.streamerStays(ctx, m); err != nil {
			return nil, err
		}
		if err := s.placeStake(ctx, m, in.Key, hash); err != nil {
			return nil, err
		}
		m = s.awaitFunding(ctx, m, in.wait())
	}
	return &createdMissionAnswer{
		Location: "/v1/missions/" + m.ID.String(), PreferenceApplied: in.applied(), Body: m.Snapshot(),
	}, nil
}

// knownMission looks the key up before anything can refuse the call (rule 1).
func (s *server) knownMission(ctx context.Context, creator uuid.UUID, key string, hash []byte) (mission.Mission, bool, error) {
	m, known, ok, err := s.Missions.ByKey(ctx, creator, key)
	if err == nil && ok && !bytes.Equal(known, hash) {
		err = fault.IdempotencyReused.Because("")
	}
	return m, ok, err
}

func (s *server) newMission(ctx context.Context, draft mission.Draft, key string, hash []byte) (mission.Mission, error) {
	if err := s.takesCash(ctx); err != nil {
		return mission.Mission{}, err
	}
	streamer, err := s.Accounts.UserByID(ctx, draft.StreamerID)
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
	m, created, err := s.Missions.Create(ctx, id, draft, streamer.Terms, key, hash)
	if err == nil && created {
		s.copyToBoard(ctx, m.ID)
	}
	return m, err
}

// streamerStays refuses a mission whose streamer has left since it was looked for them,
// or is about to. It has no stake yet, so it is unfunded in the end and no cash moves.
func (s *server) streamerStays(ctx context.Context, m mission.Mission) error {
	takes, err := s.Accounts.TakesMissions(ctx, m.StreamerID)
	if err == nil && !takes {
		err = fault.NotFound.On("body.streamer_id", "There is no such streamer.")
	}
	return err
}

// placeStake logs the creator's first bet. A retry of the creation comes here
// as well and finds it logged (rule 2), or logs it now.
func (s *server) placeStake(ctx context.Context, m mission.Mission, key string, hash []byte) error {
	b, first, err := s.BetLog.Append(ctx, ledger.LogEntry{
		Bet: ledger.Bet{
			MissionID: m.ID, UserID: m.CreatorID, Amount: m.Stake, Stake: true, Deadline: m.Deadline,
		},
		Kind: ledger.StakeEntry, IdempotencyKey: key, RequestHash: hash,
	})
	if err != nil {
		return err
	}
	s.metrics.betAccepted(ctx, ledger.StakeEntry, first)
	s.publish(ctx, event.NewBetPlaced(b))
	return nil
}

// awaitFunding looks again until the mission is no longer funding or the time
// is up, and returns it as seen last.
func (s *server) awaitFunding(ctx context.Context, m mission.Mission, wait time.Duration) mission.Mission {
	poll(ctx, wait, func(ctx context.Context) bool {
		seen, err := s.Missions.ByID(ctx, m.ID)
		if err != nil {
			return false
		}
		m = seen
		return m.Status != mission.Funding
	})
	return m
}

// checkCash is the friendly early refusal of the caller. It may be wrong a moment
// later: the ledger decides.
func checkCash(ctx context.Context, amount ledger.Won) error {
	if available := wallet(ctx).Cash; available < amount {
		return fault.InsufficientCash.Because("You have " + available.String() + " available; this takes " + amount.String() + ".")
	}
	return nil
}

func (s *server) listMissions(ctx context.Context, in *listMissionsInput) (*missionsAnswer, error) {
	slices.Sort(in.Status)
	list := listOf("missions", in.StreamerID, in.CreatorID, in.Status)
	before, err := after(in.Page, list, uuid.Nil)
	if err != nil {
		return nil, err
	}
	missions, err := s.Missions.List(ctx, mission.Filter{
		StreamerID: in.StreamerID, CreatorID: in.CreatorID, Statuses: in.Status, Before: before, Limit: in.Limit + 1,
	})
	if err != nil {
		return nil, err
	}
	listed, err := page(in.Page, list, missions, mission.Mission.Snapshot, func(m mission.Mission) uuid.UUID { return m.ID })
	return &missionsAnswer{Body: listed}, err
}

func (s *server) getMission(ctx context.Context, in *byID) (*missionAnswer, error) {
	m, err := s.Missions.ByID(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &missionAnswer{Body: m.Snapshot()}, nil
}

const (
	// commitTime bounds what must be done after a commit.
	commitTime = 10 * time.Second
	// followUpTime bounds what a sweep does anyway if it is not done now. While
	// Pub/Sub or Firestore hangs, each call waits for it, and takes a place meanwhile.
	followUpTime = time.Second
)

// afterCommit goes on although the client may have gone: what is written down
// must now be told.
func afterCommit(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), commitTime)
}

// followUp is afterCommit for what a sweep repeats.
func followUp(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), followUpTime)
}

// publish and copyToBoard tell others what is already committed. They can fail
// only the telling, which a sweep repeats, so the caller is not told of it.
func (s *server) publish(ctx context.Context, e event.Event) {
	ctx, cancel := followUp(ctx)
	defer cancel()
	if err := s.Publisher.Publish(ctx, e); err != nil {
		s.log.WarnContext(ctx, "not published; the sweep will", "type", e.Type(), "mission_id", e.Mission(), "error", err)
	}
}

func (s *server) copyToBoard(ctx context.Context, id uuid.UUID) {
	ctx, cancel := followUp(ctx)
	defer cancel()
	if err := s.Board.Mission(ctx, id); err != nil {
		s.log.WarnContext(ctx, "not copied to the board; the sweep will", "mission_id", id, "error", err)
	}
}
