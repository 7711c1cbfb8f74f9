package sendmail_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"example.com/missionpot/functions/sendmail"
	"example.com/missionpot/internal/cloud/sendgrid"
	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/core/mailtext"
	"example.com/missionpot/internal/rig/mailbox"
	"example.com/missionpot/internal/rig/storetest"
	"example.com/missionpot/internal/store/peopledb"
)

var errDown = errors.New("down")

// post is a ledger with a failed mission that is settled and whose mails are
// due, and a mailbox that gets them. The fans, the creator and the streamer
// each get one.
type post struct {
	storetest.Users
	*peopledb.DB
	mission, creator uuid.UUID
	fans             []uuid.UUID
	box              *mailbox.Box
	answer           atomic.Int32 // the mailbox's status, or 0 to accept mail
	calls            atomic.Int32
	pause            time.Duration
}

func newPost(t *testing.T, fans int) *post {
	t.Helper()
	l := storetest.NewUsers(t)
	p := &post{Users: l, DB: l.People, creator: l.User(500), box: mailbox.New("SG.key")}
	p.mission = l.Mission(p.creator, 500)
	var bets []ledger.Bet
	for range fans {
		p.fans = append(p.fans, l.User(100))
		bets = append(bets, storetest.Bet(p.mission, p.fans[len(p.fans)-1], 100))
	}
	if _, err := l.Hold(t.Context(), bets); err != nil {
		t.Fatal(err)
	}
	closing := ledger.Closing{MissionID: p.mission, Ending: ledger.Failed, StreamerID: l.User(0), CreatorID: p.creator, Title: "no-hit boss"}
	if _, err := l.CloseEscrow(t.Context(), closing); err != nil {
		t.Fatal(err)
	}
	for {
		settled, err := l.SettleChunk(t.Context(), p.mission, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if settled != nil {
			return p
		}
	}
}

// step makes a step that mails into the post's mailbox.
func (p *post) step(t *testing.T, l sendmail.Ledger) *sendmail.Step {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.calls.Add(1)
		if status := int(p.answer.Load()); status != 0 {
			w.WriteHeader(status)
			return
		}
		p.box.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	sender, err := sendgrid.New("SG.key", server.URL, "pot@example.com", 8)
	if err != nil {
		t.Fatal(err)
	}
	return sendmail.New(l, sender, sendmail.Options{Pause: p.pause, Now: p.Pool.Now})
}

func (p *post) settled() event.MissionSettled { return event.MissionSettled{MissionID: p.mission} }

// receivers are the addresses that got mail, sorted.
func (p *post) receivers() []string {
	mails, _ := p.box.Messages("")
	var to []string
	for _, m := range mails {
		to = append(to, m.To)
	}
	slices.Sort(to)
	return to
}

// unsent counts the mails that are still to be sent, at whatever time.
func (p *post) unsent() int64 { return p.Figure(`SELECT count(*) FROM mails WHERE state <> 'sent'`) }

// wait is how many seconds the unsent mails have to wait.
func (p *post) wait() int64 {
	return p.Figure(`SELECT round(extract(epoch FROM max(due_at) - clock_timestamp()) / 10) * 10 FROM mails WHERE state <> 'sent'`)
}

func (p *post) makeDue() {
	p.Exec(`UPDATE mails SET due_at = clock_timestamp() WHERE state <> 'sent'`)
	p.Exec(`UPDATE mail_pauses SET until = clock_timestamp()`)
}

func TestEveryContributorTheCreatorAndTheStreamerGetOneMail(t *testing.T) {
	t.Parallel()
	p := newPost(t, 3)
	step := p.step(t, p)
	for range 2 {
		if err := step.Handle(t.Context(), p.settled()); err != nil {
			t.Fatal(err)
		}
	}
	var want []string
	rows, err := p.Pool.Query(t.Context(), `SELECT email FROM users ORDER BY email`)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var email string
		if err := rows.Scan(&email); err != nil {
			t.Fatal(err)
		}
		want = append(want, email)
	}
	if diff := cmp.Diff(want, p.receivers()); diff != "" {
		t.Errorf("receivers (-want +got):\n%s", diff)
	}
	mails, _ := p.box.Messages(p.fans[0].String() + "@example.com")
	wanted := mailtext.Write(mailtext.Result{
		DisplayName: "someone", Locale: mailtext.English, Role: mailtext.Contributor, Title: "no-hit boss", Ending: ledger.Failed, Amount: 100, Pot: 800,
	})
	if len(mails) != 1 || mails[0].Subject != wanted.Subject || mails[0].Text != wanted.Text || mails[0].HTML != wanted.HTML {
		t.Errorf("a fan got %+v, want %+v", mails, wanted)
	}
}

func TestRule15ManyInstancesSendEachMailOnce(t *testing.T) {
	t.Parallel()
	const fans = 230 // more than two leases
	p := newPost(t, fans)
	var all errgroup.Group
	for range 4 {
		step := p.step(t, p)
		all.Go(func() error { return step.Handle(t.Context(), event.Tick{At: time.Now()}) })
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	got := p.receivers()
	if len(got) != fans+2 || len(slices.Compact(got)) != fans+2 {
		t.Errorf("%d mails went to %d people, want one to each of %d", len(p.receivers()), len(slices.Compact(got)), fans+2)
	}
	if left := p.unsent(); left != 0 {
		t.Errorf("%d mails are not marked as sent", left)
	}
}

// unmarkable is a ledger that fails between sending and marking.
type unmarkable struct{ *post }

func (unmarkable) MailsSent(context.Context, []mailtext.Result, time.Duration) error { return errDown }

func TestRule15AMailRepeatsOnlyWhenItsMarkWasLost(t *testing.T) {
	t.Parallel()
	p := newPost(t, 1)
	if err := p.step(t, unmarkable{p}).Handle(t.Context(), p.settled()); !errors.Is(err, errDown) {
		t.Errorf("the error is %v, want the database's", err)
	}
	if _, total := p.box.Messages(""); total != 3 {
		t.Fatalf("%d mails were sent, want 3", total)
	}
	step := p.step(t, p)
	if err := step.Handle(t.Context(), p.settled()); err != nil {
		t.Fatal(err)
	}
	if _, total := p.box.Messages(""); total != 3 {
		t.Errorf("%d mails were sent while the lease was valid, want still 3", total)
	}
	p.makeDue() // the lease expires
	if err := step.Handle(t.Context(), p.settled()); err != nil {
		t.Fatal(err)
	}
	if _, total := p.box.Messages(""); total != 6 || p.unsent() != 0 {
		t.Errorf("%d mails were sent and %d are unsent, want 6 and 0", total, p.unsent())
	}
}

func TestRule15AMailThatFailsComesAgainLaterAndLater(t *testing.T) {
	t.Parallel()
	for status, waits := range map[int][]int64{
		http.StatusServiceUnavailable: {30, 60, 120, 240},
		http.StatusUnauthorized:       {30, 60, 120, 240},
		http.StatusBadRequest:         {6 * 3600, 12 * 3600, 24 * 3600, 48 * 3600, 48 * 3600},
	} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			p := newPost(t, 1)
			step := p.step(t, p)
			p.answer.Store(int32(status))
			for i, want := range waits {
				if err := step.Handle(t.Context(), p.settled()); err != nil {
					t.Fatalf("a mail that can't be sent failed the message: %v", err)
				}
				if got := p.wait(); got != want {
					t.Errorf("after try %d the mails wait %d s, want %d", i+1, got, want)
				}
				calls := p.calls.Load()
				if err := step.Handle(t.Context(), p.settled()); err != nil || p.calls.Load() != calls {
					t.Fatalf("a mail was tried before its wait was over: %v", err)
				}
				p.makeDue()
			}
			p.answer.Store(0)
			if err := step.Handle(t.Context(), p.settled()); err != nil {
				t.Fatal(err)
			}
			if _, total := p.box.Messages(""); total != 3 || p.unsent() != 0 {
				t.Errorf("%d mails arrived and %d are unsent, want 3 and 0", total, p.unsent())
			}
		})
	}
}

// A service that is down is not called for every mail that is due.
func TestAMailServiceThatIsDownIsLeftAloneUntilTheNextTick(t *testing.T) {
	t.Parallel()
	p := newPost(t, 250)
	p.answer.Store(http.StatusServiceUnavailable)
	if err := p.step(t, p).Handle(t.Context(), event.Tick{At: time.Now()}); err != nil {
		t.Fatal(err)
	}
	if got := p.calls.Load(); got != 100 {
		t.Errorf("the service was called %d times, want once for each mail of one lease", got)
	}
}

func TestAnOldTickIsDropped(t *testing.T) {
	t.Parallel()
	p := newPost(t, 1)
	if err := p.step(t, p).Handle(t.Context(), event.Tick{At: time.Now().Add(-time.Minute)}); err != nil {
		t.Fatal(err)
	}
	if _, total := p.box.Messages(""); total != 0 {
		t.Errorf("%d mails were sent on a tick from a backlog", total)
	}
}

// A call that runs out of time gives its mails back.
func TestMailsUnderWayWhenTheTimeIsUpAreNotLost(t *testing.T) {
	t.Parallel()
	p := newPost(t, 20)
	step := sendmail.New(p, stuck{}, sendmail.Options{Now: p.Pool.Now})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := step.Handle(ctx, p.settled()); err != nil {
		t.Fatal(err)
	}
	if leased := p.Figure(`SELECT count(*) FROM mails WHERE state = 'leased'`); leased != 0 {
		t.Errorf("%d mails are still leased", leased)
	}
	p.makeDue()
	if err := p.step(t, p).Handle(t.Context(), p.settled()); err != nil {
		t.Fatal(err)
	}
	if _, total := p.box.Messages(""); total != 22 || p.unsent() != 0 {
		t.Errorf("%d mails arrived and %d are unsent, want 22 and 0", total, p.unsent())
	}
}

// stuck is a mail service that never answers.
type stuck struct{}

func (stuck) Send(ctx context.Context, _ mailtext.Mail) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestAnotherStepsEventIsMalformed(t *testing.T) {
	t.Parallel()
	err := sendmail.New(nil, nil, sendmail.Options{}).Handle(t.Context(), event.VerdictGiven{})
	if !errors.Is(err, event.ErrMalformed) {
		t.Errorf("the error is %v, want malformed", err)
	}
}
