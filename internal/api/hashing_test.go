package api_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"example.com/missionpot/internal/api"
	"example.com/missionpot/internal/core/fault"
)

// slowPasswords has one place to compare in, for anyone who waits at most five seconds,
// as the hasher has a few. The work is a pause: a hash of its own would make the test
// depend on the processor.
type slowPasswords struct{ place chan struct{} }

func (slowPasswords) Hash(_ context.Context, password string) (string, error) {
	return "plain:" + password, nil
}

func (p slowPasswords) Verify(ctx context.Context, password, hash string) (bool, error) {
	select {
	case p.place <- struct{}{}:
	case <-time.After(5 * time.Second):
		return false, fault.Unavailable
	}
	time.Sleep(20 * time.Millisecond)
	<-p.place
	return hash == "plain:"+password, nil
}

// Twelve addresses with thirty callers each try to sign in to accounts that nobody has.
// The owner of another account must still get in.
func TestADozenAddressesDoNotHoldOffSigningIn(t *testing.T) {
	t.Parallel()
	s := newStand(t, func(_ *stand, d *api.Dependencies) {
		d.TrustedHops, d.Hashes = 1, 2
		d.Passwords = slowPasswords{make(chan struct{}, 1)}
	})
	s.signUp("mina", false)
	ctx, cancel := context.WithCancel(t.Context())
	var callers sync.WaitGroup
	defer callers.Wait()
	defer cancel()
	for i := range 360 {
		callers.Go(func() {
			from := fmt.Sprintf("203.0.113.%d", 1+i%12)
			for try := 0; ctx.Err() == nil; try++ {
				s.login(fmt.Sprintf("nobody-%d-%d@example.com", i, try), "guess", "X-Forwarded-For", from)
			}
		})
	}
	for range 4 {
		s.login("mina@example.com", goodPassword, "X-Forwarded-For", "192.0.2.1").want(http.StatusOK)
	}
}
