package e2e_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// scene is a mission with its people. The creator uses Korean, the backer English; both start with
// 10,000 won.
type scene struct {
	*fixture
	creator, backer, streamer *person
	mission                   mission
	bets                      []bet // the backer's and the creator's second
}

const purse = 10_000

func (s *fixture) scene(t *testing.T, settings map[string]any) *scene {
	t.Helper()
	return &scene{
		fixture: s, creator: s.viewer(t, "ko", purse), backer: s.viewer(t, "en", purse), streamer: s.streamer(t, "en", settings),
	}
}

// activeScene has 5,500 won in the pot: a stake of 3,000, the backer's 2,000, and
// 500 more of the creator's.
func (s *fixture) activeScene(t *testing.T) *scene {
	t.Helper()
	sc := s.scene(t, nil)
	if sc.mission = sc.creator.ask(t, sc.streamer, 3000); sc.mission.Status != "active" {
		t.Fatalf("the mission is %+v, want it active", sc.mission)
	}
	sc.bets = []bet{sc.backer.bet(t, sc.mission.ID, 2000), sc.creator.bet(t, sc.mission.ID, 500)}
	for _, b := range sc.bets {
		if b.Status != "held" {
			t.Fatalf("bet is %+v, want it held", b)
		}
	}
	sc.awaitReward(t, sc.mission.ID, 5500)
	want := cash{Available: purse - 3500, Held: 3500}
	if got := sc.creator.cash(t); got != want {
		t.Errorf("the creator has %+v while the mission runs, want %+v", got, want)
	}
	return sc
}

// proposedScene waits for the streamer, with only the stake in the pot.
func (s *fixture) proposedScene(t *testing.T, settings map[string]any) *scene {
	t.Helper()
	settings["auto_accept"] = false
	sc := s.scene(t, settings)
	if sc.mission = sc.creator.ask(t, sc.streamer, 3000); sc.mission.Status != "proposed" || !sc.mission.IsActive {
		t.Fatalf("the mission is %+v, want it proposed and is_active", sc.mission)
	}
	return sc
}

func TestASuccessPaysThePotToTheStreamer(t *testing.T) {
	t.Parallel()
	sc := sharedSystem(t).activeScene(t)
	sc.streamer.judge(t, sc.mission.ID, "success")
	sc.ends(t, "succeeded", []string{"created", "accepted", "succeeded", "settled"})
	sc.have(t, purse-3500, purse-2000, 5500)
	sc.betsAre(t, "paid")
	sc.statement(t, sc.creator, []line{{"hold", -500, purse - 3500}, {"hold", -3000, purse - 3000}, {"charge", purse, purse}})
	sc.statement(t, sc.backer, []line{{"hold", -2000, purse - 2000}, {"charge", purse, purse}})
	sc.statement(t, sc.streamer, []line{{"payout", 5500, 5500}})
	sc.ranking(t, sc.creator, 3500, sc.backer, 2000)
	sc.mailed(t, sc.creator, "[미션팟] 미션 성공", "3,500원")
	sc.mailed(t, sc.backer, "[Missionpot] Mission accomplished", "2,000 won")
	sc.mailed(t, sc.streamer, "[Missionpot] Mission accomplished", "5,500 won")
}

func TestAFailureGivesEveryoneTheirCashBack(t *testing.T) {
	t.Parallel()
	sc := sharedSystem(t).activeScene(t)
	sc.streamer.judge(t, sc.mission.ID, "fail")
	sc.ends(t, "failed", []string{"created", "accepted", "failed", "settled"})
	sc.areRefunded(t)
	sc.mailed(t, sc.creator, "[미션팟] 미션 실패", "3,500원")
	sc.mailed(t, sc.backer, "[Missionpot] Mission failed", "2,000 won")
	sc.mailed(t, sc.streamer, "[Missionpot] Mission failed", "5,500 won")
}

func TestAnActiveMissionExpiresAndEveryoneGetsTheirCashBack(t *testing.T) {
	t.Parallel()
	sc := sharedSystem(t).activeScene(t)
	execute(t, sc.MissionsDSN(), `UPDATE missions SET deadline = clock_timestamp() WHERE id = $1`, sc.mission.ID)
	sc.ends(t, "expired", []string{"created", "accepted", "expired", "settled"})
	sc.areRefunded(t)
	sc.mailed(t, sc.creator, "[미션팟] 시간 종료", "3,500원")
	sc.mailed(t, sc.backer, "[Missionpot] Time is up", "2,000 won")
	sc.mailed(t, sc.streamer, "[Missionpot] Time is up", "5,500 won")
	late := sc.streamer.call(t, request{method: "POST", path: "/v1/missions/" + sc.mission.ID + "/success", token: sc.streamer.token})
	refused(t, late, http.StatusConflict, "not_active")
}

func TestARejectionGivesTheStakeBack(t *testing.T) {
	t.Parallel()
	sc := sharedSystem(t).proposedScene(t, map[string]any{})
	early := sc.backer.post(t, "/v1/missions/"+sc.mission.ID+"/bets", map[string]any{"amount": 500})
	refused(t, early, http.StatusConflict, "not_accepted")
	sc.streamer.judge(t, sc.mission.ID, "reject")
	sc.endsUntouched(t, "rejected", "[미션팟] 미션 거절", "[Missionpot] Mission declined")
}

func TestAWithdrawalGivesTheStakeBack(t *testing.T) {
	t.Parallel()
	sc := sharedSystem(t).proposedScene(t, map[string]any{})
	withdraw := request{method: "POST", path: "/v1/missions/" + sc.mission.ID + "/withdraw", token: sc.streamer.token}
	refused(t, sc.streamer.call(t, withdraw), http.StatusForbidden, "not_its_creator")
	sc.creator.judge(t, sc.mission.ID, "withdraw")
	sc.endsUntouched(t, "withdrawn", "[미션팟] 미션 철회", "[Missionpot] Mission withdrawn")
}

func TestAProposalThatNobodyAnswersExpires(t *testing.T) {
	t.Parallel()
	sc := sharedSystem(t).proposedScene(t, map[string]any{"acceptance_seconds": 1})
	sc.endsUntouched(t, "expired", "[미션팟] 시간 종료", "[Missionpot] Time is up")
}

func TestAnAcceptedProposalRunsFromAcceptance(t *testing.T) {
	t.Parallel()
	sc := sharedSystem(t).proposedScene(t, map[string]any{})
	sc.streamer.judge(t, sc.mission.ID, "accept")
	if b := sc.backer.bet(t, sc.mission.ID, 1000); b.Status != "held" {
		t.Errorf("a bet on the accepted mission is %+v, want it held", b)
	}
	m := sc.awaitReward(t, sc.mission.ID, 4000)
	accepted := ""
	for _, e := range all[missionEvent](t, sc.fixture, "/v1/missions/"+m.ID+"/events", "") {
		if e.Kind == "accepted" {
			accepted = e.At
		}
	}
	if ran := parseTime(t, m.Deadline).Sub(parseTime(t, &accepted)); ran.Round(1e9).Seconds() != 3600 {
		t.Errorf("the deadline is %v after the acceptance, want the time limit of an hour", ran)
	}
	sc.streamer.judge(t, sc.mission.ID, "fail")
	sc.ends(t, "failed", []string{"created", "proposed", "accepted", "failed", "settled"})
	sc.have(t, purse, purse, 0)
}

// Missions race for the same cash. All of them pass the early check of the balance (402), because
// the ledger has not decided yet; the ledger funds one, and the others never open.
func TestOfMissionsThatRaceForTheSameCashOneIsFunded(t *testing.T) {
	t.Parallel()
	s := sharedSystem(t)
	sc := s.scene(t, nil)
	unfunded := ""
	for round := 0; unfunded == ""; round++ {
		if round == 5 {
			t.Fatal("in 5 rounds no two missions passed the early refusal together")
		}
		creator := s.viewer(t, "ko", purse)
		states := raceForCash(t, creator, sc.streamer)
		if got := states["active"]; len(got) != 1 {
			t.Fatalf("the missions are %v, want exactly one active", states)
		}
		if got := creator.cash(t); got != (cash{Available: 0, Held: purse}) {
			t.Errorf("the creator has %+v, want everything held once", got)
		}
		if lost := states["unfunded"]; len(lost) > 0 {
			sc.creator, unfunded = creator, lost[0]
		}
	}
	sc.mission = s.mission(t, unfunded)
	sc.ends(t, "unfunded", []string{"created", "unfunded", "settled"})
	sc.mailed(t, sc.creator, "[미션팟] 미션 취소", "오간 금액은 없습니다")
	sc.mailedNothing(t, sc.streamer) // it was never shown to them
}

// raceForCash creates eight missions at once, each with all of the creator's cash as its stake, and
// returns their ids by status.
func raceForCash(t *testing.T, creator, streamer *person) map[string][]string {
	t.Helper()
	states := map[string][]string{}
	for _, a := range creator.together(t, 8, func() request {
		return creator.waiting("/v1/missions", creator.draft(streamer, purse))
	}) {
		if a.status == http.StatusPaymentRequired {
			states["refused"] = append(states["refused"], "")
			continue
		}
		m := read[mission](t, a, http.StatusCreated)
		states[m.Status] = append(states[m.Status], m.ID)
	}
	return states
}

// ends waits for the settlement and checks everything that shows it: the mission, its events, the
// ledger. The pot may change any number of times in between.
func (sc *scene) ends(t *testing.T, status string, kinds []string) {
	t.Helper()
	m := sc.awaitSettled(t, sc.mission.ID)
	if m.Status != status || m.IsActive || m.Deadline != nil || m.DecidedAt == nil {
		t.Errorf("the mission is %+v, want it %s, decided, not active and without a deadline", m, status)
	}
	var events []missionEvent
	eventually(t, func() string {
		events = all[missionEvent](t, sc.fixture, "/v1/missions/"+m.ID+"/events", "")
		if n := len(events); n > 0 && events[n-1].Kind == "settled" {
			return ""
		}
		return fmt.Sprintf("the events are %+v, want them to end with settled", events)
	})
	var seen []string
	for i, e := range events {
		if e.Revision != int64(i+1) {
			t.Errorf("event %d has revision %d, want no gap and no repeat", i+1, e.Revision)
		}
		if e.Kind != "pot_changed" {
			seen = append(seen, e.Kind)
		}
	}
	if !slices.Equal(seen, kinds) {
		t.Errorf("the events are %v, want %v", seen, kinds)
	}
	if diff := cmp.Diff(m, events[len(events)-1].Mission); diff != "" {
		t.Errorf("the last event differs from the mission (-mission +event):\n%s", diff)
	}
	sc.books(t, m)
}

// books checks the invariants on the ledger: the mission's escrow took in the pot that the API
// shows and gave all of it out, and all accounts together are zero.
func (s *fixture) books(t *testing.T, m mission) {
	t.Helper()
	for what, c := range map[string]struct {
		sql  string
		want int64
	}{
		"inflow":       {`SELECT inflow FROM escrows WHERE mission_id = $1`, m.Reward},
		"outflow":      {`SELECT outflow FROM escrows WHERE mission_id = $1`, m.Reward},
		"contributors": {`SELECT contributors FROM escrows WHERE mission_id = $1`, int64(m.Contributors)},
		"balance":      {`SELECT coalesce(sum(amount), 0) FROM postings WHERE account = 'escrow' AND owner = $1`, 0},
		"world":        {`SELECT coalesce(sum(amount), 0) FROM postings WHERE $1::uuid IS NOT NULL`, 0},
	} {
		if got := figure(t, s.UsersDSN(), c.sql, m.ID); got != c.want {
			t.Errorf("%s of the mission is %d in the ledger, want %d", what, got, c.want)
		}
	}
}

// have checks the final balances of the three people. Nothing is held any more.
func (sc *scene) have(t *testing.T, creator, backer, streamer int64) {
	t.Helper()
	for who, want := range map[*person]int64{sc.creator: creator, sc.backer: backer, sc.streamer: streamer} {
		if got := who.cash(t); got != (cash{Available: want}) {
			t.Errorf("%s has %+v, want %d available and nothing held", who.name, got, want)
		}
	}
}

func (sc *scene) areRefunded(t *testing.T) {
	t.Helper()
	sc.have(t, purse, purse, 0)
	sc.betsAre(t, "refunded")
	// There is one refund per person and mission, of everything that person put in.
	sc.statement(t, sc.creator, []line{
		{"refund", 3500, purse}, {"hold", -500, purse - 3500}, {"hold", -3000, purse - 3000}, {"charge", purse, purse},
	})
	sc.statement(t, sc.backer, []line{{"refund", 2000, purse}, {"hold", -2000, purse - 2000}, {"charge", purse, purse}})
	sc.statement(t, sc.streamer, nil)
	sc.ranking(t, sc.creator, 3500, sc.backer, 2000)
}

// endsUntouched checks the end of a proposal: only the creator and the streamer took part in it.
func (sc *scene) endsUntouched(t *testing.T, status, korean, english string) {
	t.Helper()
	sc.ends(t, status, []string{"created", "proposed", status, "settled"})
	sc.have(t, purse, purse, 0)
	sc.statement(t, sc.creator, []line{{"refund", 3000, purse}, {"hold", -3000, purse - 3000}, {"charge", purse, purse}})
	sc.mailed(t, sc.creator, korean, "3,000원")
	sc.mailed(t, sc.streamer, english, "3,000 won")
	sc.mailedNothing(t, sc.backer)
}

func (sc *scene) betsAre(t *testing.T, status string) {
	t.Helper()
	for i, owner := range []*person{sc.backer, sc.creator} {
		path := "/v1/missions/" + sc.mission.ID + "/bets/" + sc.bets[i].ID
		if got := read[bet](t, owner.get(t, path), http.StatusOK); got.Status != status {
			t.Errorf("bet is %+v, want it %s", got, status)
		}
		refused(t, sc.streamer.get(t, path), http.StatusNotFound, "not_found")
	}
}

// line is one transaction of a statement.
type line struct {
	Kind         string
	Amount       int64
	BalanceAfter int64
}

func (sc *scene) statement(t *testing.T, p *person, want []line) {
	t.Helper()
	var got []line
	for _, tr := range all[transaction](t, sc.fixture, "/v1/users/me/transactions", p.token) {
		got = append(got, line{tr.Kind, tr.Amount, tr.BalanceAfter})
		if (tr.Kind == "charge") != (tr.MissionID == nil) || tr.MissionID != nil && *tr.MissionID != sc.mission.ID {
			t.Errorf("transaction %+v names the wrong mission, want %s unless it is a charge", tr, sc.mission.ID)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("statement of %s, newest first (-want +got):\n%s", p.name, diff)
	}
}

func (sc *scene) ranking(t *testing.T, first *person, most int64, second *person, less int64) {
	t.Helper()
	want := []contributor{{first.id, first.name, most}, {second.id, second.name, less}}
	eventually(t, func() string { // it follows the bets a moment behind
		got := all[contributor](t, sc.fixture, "/v1/missions/"+sc.mission.ID+"/contributors", "")
		if diff := cmp.Diff(want, got); diff != "" {
			return "ranking (-want +got):\n" + diff
		}
		return ""
	})
}

// listSubject is the subject of a mail with results of several missions that ended at once.
var listSubject = regexp.MustCompile(`^\[미션팟\] 미션 \d+개가 끝났습니다$|^\[Missionpot\] \d+ missions have ended$`)

// mailed expects exactly one mail about the mission, in text and HTML. The stand checks again when
// it stops that no second one came.
func (sc *scene) mailed(t *testing.T, p *person, subject, says string) {
	t.Helper()
	eventually(t, func() string {
		mails, _ := sc.Mailbox.Messages(p.email) // some may be about other missions
		for _, m := range mails {
			if strings.Contains(m.Text, sc.mission.Title) {
				return ""
			}
		}
		return "no mail about this mission came to " + p.name
	})
	mails, _ := sc.Mailbox.Messages(p.email)
	var about []string
	for _, m := range mails {
		if !strings.Contains(m.Text, sc.mission.Title) {
			continue
		}
		if !listSubject.MatchString(m.Subject) { // a list has a line for each mission
			about = append(about, m.Subject)
		} else {
			about = append(about, subject)
		}
		if !strings.Contains(m.Text, says) || !strings.Contains(m.HTML, says) {
			t.Errorf("the mail to %s does not say %q in text and HTML:\n%s\n%s", p.name, says, m.Text, m.HTML)
		}
	}
	if want := []string{subject}; !slices.Equal(about, want) {
		t.Errorf("%s got %q, want %q", p.name, about, want)
	}
}

// mailedNothing expects no mail. Call it after somebody else's mail has come.
func (sc *scene) mailedNothing(t *testing.T, p *person) {
	t.Helper()
	mails, _ := sc.Mailbox.Messages(p.email)
	for _, m := range mails {
		if strings.Contains(m.Text, sc.mission.Title) {
			t.Errorf("%s got %q, want no mail about this mission", p.name, m.Subject)
		}
	}
}
