package api_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"example.com/missionpot/internal/api"
	"example.com/missionpot/internal/fault"
)

// slowPasswords has one place to compare in, for whoever waits at most two seconds,
// as the hasher has a few.
type slowPasswords struct {
	api.Passwords
	place chan struct{}
}

func (p slowPasswords) Verify(ctx context.Context, password, hash string) (bool, error) {
	select {
	case p.place <- struct{}{}:
	case <-time.After(2 * time.Second):
		return false, fault.Unavailable.Because("")
	}
	time.Sleep(50 * time.Millisecond) // the work of a hash
	<-p.place
	return p.Passwords.Verify(ctx, password, hash)
}

// Twelve addresses with ten callers each try to sign in to accounts that nobody has.
// The owner of another account must still get in.
func TestADozenAddressesDoNotHoldOffSigningIn(t *testing.T) {
	t.Parallel()
	s := newStand(t, func(_ *stand, d *api.Dependencies) {
		d.TrustedHops, d.Limits.Hashes = 1, 2
		d.Passwords = slowPasswords{d.Passwords, make(chan struct{}, 1)}
	})
	s.signUp("mina", false)
	ctx, cancel := context.WithCancel(t.Context())
	var callers sync.WaitGroup
	defer callers.Wait()
	defer cancel()
	for i := range 120 {
		callers.Go(func() {
			from := "203.0.113." + string(rune('0'+i%10)) + string(rune('0'+i/60))
			for try := 0; ctx.Err() == nil; try++ {
				s.login(fmt.Sprintf("nobody-%d-%d@example.com", i, try), "guess", "X-Forwarded-For", from)
			}
		})
	}
	for range 4 {
		s.login("mina@example.com", goodPassword, "X-Forwarded-For", "192.0.2.1").want(http.StatusOK)
	}
}
