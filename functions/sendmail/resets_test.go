package sendmail_test

import (
	"net/http"
	"net/netip"
	"regexp"
	"testing"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/functions/sendmail"
	"example.com/missionpot/internal/core/account"
	"example.com/missionpot/internal/core/event"
)

var codeShape = regexp.MustCompile(`(?m)^[A-Z2-7]{26}$`)

// forgot asks for a code for a user.
func (p *post) forgot(t *testing.T, user uuid.UUID) (email string) {
	t.Helper()
	email = user.String() + "@example.com"
	try := account.NewResetTry([]byte("a key"), email, netip.MustParseAddr("192.0.2.1"))
	if _, wait, err := p.AskReset(t.Context(), try, email); err != nil || wait > 0 {
		t.Fatalf("ask for a code: wait %v, error %v", wait, err)
	}
	return email
}

// owner is the user that the code of the newest mail to an address belongs to.
func (p *post) owner(t *testing.T, email string) uuid.UUID {
	t.Helper()
	mails, _ := p.box.Messages(email)
	if len(mails) == 0 {
		t.Fatalf("%s got no mail", email)
	}
	code := codeShape.FindString(mails[0].Text)
	user, err := p.UserByReset(t.Context(), account.Code(code).Hash())
	if err != nil {
		t.Fatalf("the code of the mail %q: %v", mails[0].Text, err)
	}
	return user.ID
}

func (p *post) tick(t *testing.T, step *sendmail.Step) {
	t.Helper()
	if err := step.Handle(t.Context(), event.Tick{At: time.Now()}); err != nil {
		t.Fatal(err)
	}
}

func TestAUserWhoForgotTheirPasswordIsMailedACodeThatWorks(t *testing.T) {
	t.Parallel()
	p := newPost(t, 2)
	step := p.step(t, p)
	p.tick(t, step) // the results are sent
	mina, jun := p.fans[0], p.fans[1]
	for _, user := range []uuid.UUID{mina, jun} {
		email := p.forgot(t, user)
		p.tick(t, step)
		p.tick(t, step)
		if mails, _ := p.box.Messages(email); len(mails) != 2 {
			t.Errorf("%d mails went to %s, want a result and one code", len(mails), email)
		}
		if got := p.owner(t, email); got != user {
			t.Errorf("the code is %v's, want %v's", got, user)
		}
	}
}

func TestACodeIsMailedOnceTheServiceIsBack(t *testing.T) {
	t.Parallel()
	p := newPost(t, 1)
	step := p.step(t, p)
	email := p.forgot(t, p.fans[0])
	p.answer.Store(http.StatusServiceUnavailable)
	p.tick(t, step)
	if got := p.Figure(`SELECT count(*) FROM password_resets WHERE state = 'pending' AND due_at > clock_timestamp() + interval '20 seconds'`); got != 1 {
		t.Fatalf("%d mails are waiting after the service was down, want one", got)
	}
	p.answer.Store(0)
	p.Exec(`UPDATE password_resets SET due_at = clock_timestamp()`)
	p.tick(t, step)
	if got := p.owner(t, email); got != p.fans[0] {
		t.Errorf("the code is %v's, want %v's", got, p.fans[0])
	}
}

// One address that the service refuses must not delay the others.
func TestARefusedAddressKeepsNobodyElseWaiting(t *testing.T) {
	t.Parallel()
	p := newPost(t, 3)
	step := p.step(t, p)
	for _, fan := range p.fans {
		p.forgot(t, fan)
	}
	p.answer.Store(http.StatusBadRequest)
	p.tick(t, step)
	if got := p.Figure(`SELECT count(*) FROM password_resets WHERE attempts = 1`); got != 3 {
		t.Errorf("%d mails were tried, want all 3", got)
	}
}
