package api_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/api"
	"example.com/missionpot/internal/api/edge"
	"example.com/missionpot/internal/api/people"
	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/core/mission"
)

func TestAMissionIsFundedByItsCreatorsStake(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina, jun := s.viewer("mina", 10_000), s.signUp("jun", true)
	r := s.postKeyed("/v1/missions", mina.token, draft(jun, 4_000), "Prefer", "wait=10").want(http.StatusCreated)
	m := read[mission.Snapshot](r)
	if m.Status != mission.Active || m.Pot != 4_000 || m.Contributors != 1 || m.CreatorID != mina.id || m.StreamerID != jun.id || m.TimeLimitSeconds != 3600 {
		t.Errorf("created %s", r.body)
	}
	if r.header.Get("Location") != "/v1/missions/"+m.ID.String() || r.header.Get("Preference-Applied") != "wait=10" {
		t.Errorf("Location %q, Preference-Applied %q", r.header.Get("Location"), r.header.Get("Preference-Applied"))
	}
	if left := time.Until(*m.Deadline); left < 59*time.Minute || left > time.Hour {
		t.Errorf("the deadline is in %v, want an hour", left)
	}
	if cash := s.cash(mina); cash != (people.Cash{Available: 6_000, Held: 4_000}) {
		t.Errorf("the creator has %+v", cash)
	}
	if got := read[mission.Snapshot](s.get("/v1/missions/"+m.ID.String(), "").want(http.StatusOK)); got.ID != m.ID || got.Status != mission.Active {
		t.Errorf("read back %+v", got)
	}
}

func TestAStreamerWhoWantsToBeAskedAccepts(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina, jun := s.viewer("mina", 10_000), s.signUp("jun", true)
	s.call(http.MethodPatch, "/v1/users/me", jun.token, object{"auto_accept": false}).want(http.StatusOK)
	m := read[mission.Snapshot](s.postKeyed("/v1/missions", mina.token, draft(jun, 4_000), "Prefer", "wait=10").want(http.StatusCreated))
	path := "/v1/missions/" + m.ID.String()
	if m.Status != mission.Proposed || !m.IsActive {
		t.Fatalf("the mission is %s, want proposed", m.Status)
	}
	s.postKeyed(betsOf(m), s.viewer("sora", 1_000).token, object{"amount": 500}).refused(http.StatusConflict, "not_accepted")
	s.call(http.MethodPost, path+"/success", jun.token, nil).refused(http.StatusConflict, "not_active")
	s.call(http.MethodPost, path+"/accept", mina.token, nil).refused(http.StatusForbidden, "not_its_streamer")
	s.call(http.MethodPost, path+"/accept", "", nil).refused(http.StatusUnauthorized, "unauthenticated")
	accepted := read[mission.Snapshot](s.call(http.MethodPost, path+"/accept", jun.token, nil).want(http.StatusOK))
	if accepted.Status != mission.Active {
		t.Errorf("accepted into %s", accepted.Status)
	}
	s.call(http.MethodPost, path+"/reject", jun.token, nil).refused(http.StatusConflict, "not_active")
}

func TestACreatorWithdrawsAProposedMissionAndNoOther(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina, jun := s.viewer("mina", 10_000), s.signUp("jun", true)
	running := s.mission(mina, jun, 1_000)
	s.call(http.MethodPatch, "/v1/users/me", jun.token, object{"auto_accept": false}).want(http.StatusOK)
	m := read[mission.Snapshot](s.postKeyed("/v1/missions", mina.token, draft(jun, 4_000), "Prefer", "wait=10").want(http.StatusCreated))
	withdraw := func(m mission.Snapshot, by player) reply {
		return s.call(http.MethodPost, pathOf(m)+"/withdraw", by.token, nil)
	}
	withdraw(running, mina).refused(http.StatusConflict, "not_active")
	withdraw(m, jun).refused(http.StatusForbidden, "not_its_creator")
	first := read[mission.Snapshot](withdraw(m, mina).want(http.StatusOK))
	if first.Status != mission.Withdrawn || first.DecidedAt == nil {
		t.Errorf("withdrawing gave %+v, want it withdrawn and decided", first)
	}
	if again := read[mission.Snapshot](withdraw(m, mina).want(http.StatusOK)); !equalTimes(again.DecidedAt, first.DecidedAt) {
		t.Errorf("withdrawing again gave %+v, want the first answer %+v", again, first)
	}
	s.call(http.MethodPost, pathOf(m)+"/accept", jun.token, nil).refused(http.StatusConflict, "not_active")
	if cash := s.cash(mina); cash != (people.Cash{Available: 9_000, Held: 1_000}) {
		t.Errorf("the creator has %+v, want the stake back once", cash)
	}
}

func TestVerdictsAreFinalAndMoveTheCash(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina, jun := s.viewer("mina", 10_000), s.signUp("jun", true)
	won, lost := s.mission(mina, jun, 3_000), s.mission(mina, jun, 2_000)
	decide := func(m mission.Snapshot, verdict string) reply {
		return s.call(http.MethodPost, "/v1/missions/"+m.ID.String()+"/"+verdict, jun.token, nil)
	}
	if got := read[mission.Snapshot](decide(won, "success").want(http.StatusOK)); got.Status != mission.Succeeded || got.DecidedAt == nil || got.Deadline != nil {
		t.Errorf("success gave %+v", got)
	}
	decide(lost, "fail").want(http.StatusOK)
	decide(lost, "success").refused(http.StatusConflict, "not_active")
	decide(won, "accept").refused(http.StatusConflict, "not_active")
	decide(won, "fail").refused(http.StatusConflict, "not_active")
	s.call(http.MethodPost, "/v1/missions/"+uuid.NewString()+"/success", jun.token, nil).refused(http.StatusNotFound, "not_found")
	if cash := s.cash(mina); cash != (people.Cash{Available: 7_000}) {
		t.Errorf("the creator has %+v, want the failed stake back", cash)
	}
	if cash := s.cash(jun); cash != (people.Cash{Available: 3_000}) {
		t.Errorf("the streamer has %+v, want the pot", cash)
	}
	settled := read[mission.Snapshot](s.get("/v1/missions/"+won.ID.String(), "").want(http.StatusOK))
	if settled.SettledAt == nil || settled.Pot != 3_000 {
		t.Errorf("after the settlement: %+v", settled)
	}
}

func TestARepeatedVerdictGetsTheMissionAsItIsNow(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina, jun := s.viewer("mina", 10_000), s.signUp("jun", true)
	won, lost := s.mission(mina, jun, 3_000), s.mission(mina, jun, 2_000)
	s.call(http.MethodPost, pathOf(won)+"/accept", jun.token, nil).refused(http.StatusConflict, "not_active") // it accepted itself
	s.call(http.MethodPatch, "/v1/users/me", jun.token, object{"auto_accept": false}).want(http.StatusOK)
	propose := func() mission.Snapshot {
		return read[mission.Snapshot](s.postKeyed("/v1/missions", mina.token, draft(jun, 1_000), "Prefer", "wait=10").want(http.StatusCreated))
	}
	refused, taken := propose(), propose()
	for action, m := range map[string]mission.Snapshot{"success": won, "fail": lost, "reject": refused, "accept": taken} {
		act := func(by player) reply { return s.call(http.MethodPost, pathOf(m)+"/"+action, by.token, nil) }
		first := read[mission.Snapshot](act(jun).want(http.StatusOK))
		again := read[mission.Snapshot](act(jun).want(http.StatusOK))
		if again.Status != first.Status || !equalTimes(again.DecidedAt, first.DecidedAt) || !equalTimes(again.Deadline, first.Deadline) {
			t.Errorf("%s again gave %+v, want what the first call decided: %+v", action, again, first)
		}
		act(mina).refused(http.StatusForbidden, "not_its_streamer")
	}
	if cash := s.cash(jun); cash != (people.Cash{Available: 3_000}) {
		t.Errorf("the streamer has %+v, want the pot once", cash)
	}
	if cash := s.cash(mina); cash != (people.Cash{Available: 6_000, Held: 1_000}) {
		t.Errorf("the creator has %+v, want each stake back once", cash)
	}
}

func pathOf(m mission.Snapshot) string { return "/v1/missions/" + m.ID.String() }

func equalTimes(a, b *time.Time) bool {
	return (a == nil) == (b == nil) && (a == nil || a.Equal(*b))
}

func TestOfTwoVerdictsAtOnceOneWins(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina, jun := s.viewer("mina", 10_000), s.signUp("jun", true)
	m := s.mission(mina, jun, 3_000)
	statuses := make([]int, 6) // of successes at even places, and of failures at odd ones
	var wg sync.WaitGroup
	for i := range statuses {
		wg.Go(func() {
			verdict := []string{"success", "fail"}[i%2]
			statuses[i] = s.call(http.MethodPost, "/v1/missions/"+m.ID.String()+"/"+verdict, jun.token, nil).status
		})
	}
	wg.Wait()
	taken, refused := http.StatusOK, http.StatusConflict
	if statuses[0] == refused {
		taken, refused = refused, taken
	}
	if want := []int{taken, refused, taken, refused, taken, refused}; !slices.Equal(statuses, want) {
		t.Errorf("the verdicts got %v, want every call of one kind to be taken and every call of the other to be refused", statuses)
	}
}

func TestAMissionIsNeverEditedOrDeleted(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina, jun := s.viewer("mina", 10_000), s.signUp("jun", true)
	m := s.mission(mina, jun, 3_000)
	for _, method := range []string{http.MethodPut, http.MethodPatch, http.MethodDelete} {
		r := s.call(method, "/v1/missions/"+m.ID.String(), mina.token, object{"title": "Another"})
		r.refused(http.StatusMethodNotAllowed, "method_not_allowed")
		if got := r.header.Get("Allow"); got != "GET, HEAD" {
			t.Errorf("%s: Allow is %q", method, got)
		}
	}
}

func TestRefusesAMissionThatBreaksARule(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina, jun := s.viewer("mina", 10_000), s.signUp("jun", true)
	s.call(http.MethodPatch, "/v1/users/me", jun.token, object{"min_stake": 500, "max_stake": 20_000}).want(http.StatusOK)
	create := func(by player, change object) reply {
		body := draft(jun, 4_000)
		for k, v := range change {
			body[k] = v
		}
		return s.postKeyed("/v1/missions", by.token, body)
	}
	create(mina, object{"stake": 499}).refused(http.StatusUnprocessableEntity, "invalid")
	create(mina, object{"stake": 20_001}).refused(http.StatusUnprocessableEntity, "invalid")
	create(mina, object{"stake": 10_001}).refused(http.StatusPaymentRequired, "insufficient_cash")
	create(mina, object{"streamer_id": uuid.New()}).refused(http.StatusNotFound, "not_found")
	create(mina, object{"streamer_id": mina.id}).refused(http.StatusNotFound, "not_found") // not a streamer
	create(jun, nil).refused(http.StatusForbidden, "own_mission")
	create(mina, object{"title": "Line\nbreak"}).refused(http.StatusUnprocessableEntity, "invalid")
	create(mina, object{"description": "Line\nbreak"}).want(http.StatusCreated)
	list := read[edge.Listed[mission.Snapshot]](s.get("/v1/missions", "").want(http.StatusOK))
	if len(list.Items) != 1 {
		t.Errorf("%d missions were made, want only the one that breaks no rule", len(list.Items))
	}
}

func TestRule2ARepeatedCreationIsOneMission(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina, jun := s.viewer("mina", 5_000), s.signUp("jun", true)
	create := func(body object) reply {
		return s.call(http.MethodPost, "/v1/missions", mina.token, body, "Idempotency-Key", "k", "Prefer", "wait=10")
	}
	first := read[mission.Snapshot](create(draft(jun, 4_000)).want(http.StatusCreated))
	// Rule 1: the wallet no longer covers it, and still the first answer comes.
	again := read[mission.Snapshot](create(draft(jun, 4_000)).want(http.StatusCreated))
	if again.ID != first.ID {
		t.Errorf("the repeated call made %v, want %v again", again.ID, first.ID)
	}
	create(draft(jun, 3_000)).refused(http.StatusUnprocessableEntity, "idempotency_key_reused")
	if cash := s.cash(mina); cash != (people.Cash{Available: 1_000, Held: 4_000}) {
		t.Errorf("the creator has %+v, want one stake held", cash)
	}
}

// brokenLog fails as Firestore does when it is away.
type brokenLog struct {
	api.BetLog
	mu     sync.Mutex
	broken bool
}

func (b *brokenLog) set(broken bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.broken = broken
}

func (b *brokenLog) Append(ctx context.Context, e ledger.LogEntry) (ledger.Bet, bool, error) {
	b.mu.Lock()
	broken := b.broken
	b.mu.Unlock()
	if broken {
		return ledger.Bet{}, false, fault.Unavailable.After(time.Second)
	}
	return b.BetLog.Append(ctx, e)
}

func TestRule2ARetryOfACreationGoesOnAtTheLogWrite(t *testing.T) {
	t.Parallel()
	log := &brokenLog{broken: true}
	s := newStand(t, func(_ *stand, d *api.Dependencies) { log.BetLog, d.BetLog = d.BetLog, log })
	mina, jun := s.viewer("mina", 5_000), s.signUp("jun", true)
	create := func() reply {
		return s.call(http.MethodPost, "/v1/missions", mina.token, draft(jun, 4_000), "Idempotency-Key", "k", "Prefer", "wait=10")
	}
	create().refused(http.StatusServiceUnavailable, "unavailable")
	log.set(false)
	if m := read[mission.Snapshot](create().want(http.StatusCreated)); m.Status != mission.Active {
		t.Errorf("after the retry the mission is %s, want active", m.Status)
	}
	list := read[edge.Listed[mission.Snapshot]](s.get("/v1/missions?creator_id="+mina.id.String(), "").want(http.StatusOK))
	if len(list.Items) != 1 {
		t.Errorf("%d missions were made, want 1", len(list.Items))
	}
}

func TestACommittedVerdictIsNotTakenBackWhenTellingFails(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina, jun := s.viewer("mina", 5_000), s.signUp("jun", true)
	m := s.mission(mina, jun, 4_000)
	s.post.set(false, errors.New("Pub/Sub is away"))
	s.call(http.MethodPost, "/v1/missions/"+m.ID.String()+"/fail", jun.token, nil).want(http.StatusOK)
	if !s.logHas("not published; the sweep will") {
		t.Error("the log does not say that the verdict was not published")
	}
	s.post.set(true, nil)
	for _, e := range s.post.events() {
		if _, verdict := e.(event.VerdictGiven); verdict {
			t.Error("the verdict was published after all; the test proves nothing")
		}
	}
}

func TestRule7ARepeatedVerdictIsPublishedUntilItIsSettledAndPaysOnce(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina, jun := s.viewer("mina", 5_000), s.signUp("jun", true)
	m := s.mission(mina, jun, 4_000)
	published := func() (n int) {
		for _, e := range s.post.events() {
			if _, is := e.(event.VerdictGiven); is {
				n++
			}
		}
		return n
	}
	succeed := func() { s.call(http.MethodPost, pathOf(m)+"/success", jun.token, nil).want(http.StatusOK) }
	s.post.set(false, errors.New("Pub/Sub is away"))
	succeed()
	s.post.set(false, nil) // the message arrives, and no step has handled it yet
	succeed()
	succeed()
	if n := published(); n != 2 {
		t.Errorf("two repeats before the settlement published %d verdicts, want 2", n)
	}
	for _, e := range s.post.events() {
		s.ok(s.process(t.Context(), e))
	}
	before := published()
	succeed()
	if n := published() - before; n != 0 {
		t.Errorf("a repeat after the settlement published %d verdicts, want none", n)
	}
	if cash := s.cash(jun); cash != (people.Cash{Available: 4_000}) {
		t.Errorf("the streamer has %+v, want the pot once", cash)
	}
}

func TestMissionsAreListedByStreamerCreatorAndState(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina, sora := s.viewer("mina", 50_000), s.viewer("sora", 50_000)
	jun, hana := s.signUp("jun", true), s.signUp("hana", true)
	a, b, c := s.mission(mina, jun, 1_000), s.mission(sora, jun, 1_000), s.mission(mina, hana, 1_000)
	s.call(http.MethodPost, "/v1/missions/"+b.ID.String()+"/fail", jun.token, nil).want(http.StatusOK)
	for query, want := range map[string][]uuid.UUID{
		"":                                 {c.ID, b.ID, a.ID},
		"?streamer_id=" + jun.id.String():  {b.ID, a.ID},
		"?creator_id=" + mina.id.String():  {c.ID, a.ID},
		"?status=active":                   {c.ID, a.ID},
		"?status=failed&limit=1":           {b.ID},
		"?streamer_id=" + mina.id.String(): {},
	} {
		list := read[edge.Listed[mission.Snapshot]](s.get("/v1/missions"+query, "").want(http.StatusOK))
		if len(list.Items) != len(want) {
			t.Errorf("%q lists %d missions, want %d", query, len(list.Items), len(want))
			continue
		}
		for i, m := range list.Items {
			if m.ID != want[i] {
				t.Errorf("%q lists %v at place %d, want %v", query, m.ID, i, want[i])
			}
		}
	}
	page := read[edge.Listed[mission.Snapshot]](s.get("/v1/missions?limit=2", "").want(http.StatusOK))
	rest := read[edge.Listed[mission.Snapshot]](s.get("/v1/missions?limit=2&cursor="+*page.NextCursor, "").want(http.StatusOK))
	if len(rest.Items) != 1 || rest.Items[0].ID != a.ID || rest.NextCursor != nil {
		t.Errorf("the second page is %+v", rest)
	}
}
