package sendmail_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"example.com/missionpot/functions/sendmail"
	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/ledger"
)

// expire settles another mission of the fixture's creator, whose time ran out.
func (p *post) expire(t *testing.T, streamer uuid.UUID, title string) uuid.UUID {
	t.Helper()
	id := p.Mission(p.User(500), 500)
	closing := ledger.Closing{MissionID: id, Ending: ledger.Expired, StreamerID: streamer, CreatorID: p.creator, Title: title}
	if _, err := p.CloseEscrow(t.Context(), closing); err != nil {
		t.Fatal(err)
	}
	for {
		settled, err := p.SettleChunk(t.Context(), id, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if settled != nil {
			return id
		}
	}
}

// endPauses ends every reader's pause, so that the next mail is due now.
func (p *post) endPauses() {
	p.Exec(`UPDATE mail_pauses SET until = clock_timestamp()`)
	p.Exec(`UPDATE mails SET due_at = clock_timestamp() WHERE state = 'pending'`)
}

func to(user uuid.UUID) string { return user.String() + "@example.com" }

// deliver handles the settlements of missions, all at once and by two instances.
func (p *post) deliver(t *testing.T, missions []uuid.UUID) {
	t.Helper()
	steps := []*sendmail.Step{p.step(t, p), p.step(t, p)}
	var all errgroup.Group
	for i, id := range missions {
		all.Go(func() error { return steps[i%2].Handle(t.Context(), event.MissionSettled{MissionID: id}) })
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
}

func TestManyResultsOfOneReaderBecomeTwoMails(t *testing.T) {
	t.Parallel()
	const missions = 60
	p := newPost(t, 1)
	p.pause = time.Hour
	p.deliver(t, []uuid.UUID{p.mission})
	streamer := p.User(0)
	var ended []uuid.UUID
	for i := range missions {
		ended = append(ended, p.expire(t, streamer, fmt.Sprintf("mission %d.", i)))
	}
	p.deliver(t, ended)
	first, _ := p.box.Messages(to(streamer))
	if len(first) != 1 {
		t.Fatalf("the streamer of %d missions got %d mails, want one and then a pause", missions, len(first))
	}
	p.endPauses()
	p.deliver(t, ended[:4])
	all, _ := p.box.Messages(to(streamer))
	if len(all) != 2 {
		t.Fatalf("the streamer got %d mails after the pause, want two", len(all))
	}
	text := all[0].Text + all[1].Text
	for i := range missions {
		if n := strings.Count(text, fmt.Sprintf("“mission %d.”", i)); n != 1 {
			t.Errorf("mission %d is in the mails %d times, want once", i, n)
		}
	}
	p.endPauses()
	p.deliver(t, ended[:1])
	if left := p.unsent(); left != 0 {
		t.Errorf("%d mails are not sent", left)
	}
}

func TestAResultThatWaitsForThePauseIsNotOverdue(t *testing.T) {
	t.Parallel()
	p := newPost(t, 1)
	p.pause = time.Hour
	p.deliver(t, []uuid.UUID{p.mission})
	streamer := p.User(0)
	p.deliver(t, []uuid.UUID{p.expire(t, streamer, "one")})
	p.deliver(t, []uuid.UUID{p.expire(t, streamer, "two")})
	if p.unsent() == 0 {
		t.Fatal("no mail waits for a pause")
	}
	p.Exec(`UPDATE escrows SET closed_at = closed_at - interval '10 minutes'`)
	a, err := p.Books.Totals(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if a.OldestUnsent != 0 {
		t.Errorf("the oldest unsent mail is %v old, want none because it is not due", a.OldestUnsent)
	}
}

// A list that the service rejects, or whose mark is lost, is sent again, and
// the next results of the reader don't wait for it.
func TestRule15AListThatFailsIsSentAgainInFull(t *testing.T) {
	t.Parallel()
	p := newPost(t, 1)
	p.deliver(t, []uuid.UUID{p.mission})
	streamer := p.User(0)
	ended := []uuid.UUID{p.expire(t, streamer, "one"), p.expire(t, streamer, "two")}
	p.answer.Store(http.StatusServiceUnavailable)
	p.deliver(t, ended[:1])
	if got, _ := p.box.Messages(to(streamer)); len(got) != 0 {
		t.Fatalf("%d mails came from a service that is down", len(got))
	}
	p.answer.Store(0)
	third := p.expire(t, streamer, "three")
	p.deliver(t, []uuid.UUID{third})
	if got, _ := p.box.Messages(to(streamer)); len(got) != 1 || !strings.Contains(got[0].Text, "“three”") {
		t.Errorf("got %+v, want the third result at once", got)
	}
	p.makeDue()
	p.deliver(t, ended[:1])
	got, _ := p.box.Messages(to(streamer))
	if len(got) != 2 {
		t.Fatalf("%d mails came, want the third result and the list", len(got))
	}
	list := got[0].Text + got[1].Text
	for _, title := range []string{"one", "two", "three"} {
		if strings.Count(list, "“"+title+"”") != 1 {
			t.Errorf("%q is not in the mails once: %s", title, list)
		}
	}
}
