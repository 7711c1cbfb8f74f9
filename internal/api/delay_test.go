package api_test

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"example.com/missionpot/internal/api"
)

func TestABetThatIsLateIsToldToBeDelayedAndSafe(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64 // of the API's clock, in nanoseconds
	s := newStand(t, func(_ *stand, d *api.Dependencies) {
		d.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	})
	mina := s.viewer("mina", 10_000)
	m := s.mission(mina, s.signUp("streamer", true), 1000)
	s.post.set(false, nil)
	headers := []string{"Idempotency-Key", "late"}
	place := func() reply {
		return s.call(http.MethodPost, betsOf(m), mina.token, object{"amount": 700}, headers...)
	}
	b := read[api.Bet](place().want(http.StatusAccepted))
	look := func() *api.Delay {
		return read[api.Bet](s.get(betsOf(m)+"/"+b.ID.String(), mina.token).want(http.StatusOK)).Delay
	}
	ahead.Store(int64(time.Until(b.PlacedAt) + 4*time.Second))
	if b.Delay != nil || look() != nil {
		t.Errorf("a bet of less than five seconds is reported as late: %+v, %+v", b.Delay, look())
	}
	ahead.Store(int64(6 * time.Second))
	for name, delay := range map[string]*api.Delay{
		"looked at":    look(),
		"placed again": read[api.Bet](place().want(http.StatusAccepted)).Delay,
	} {
		if delay == nil || delay.Code != "delayed_safe" || delay.Text == "" {
			t.Errorf("%s: the delay is %+v, want delayed_safe with a text", name, delay)
		}
	}
	s.post.set(true, nil)
	place() // publishes what nobody has decided
	got := read[api.Bet](s.get(betsOf(m)+"/"+b.ID.String(), mina.token).want(http.StatusOK))
	if got.Status != "held" || got.Delay != nil {
		t.Errorf("decided, the bet is %s with the delay %+v, want held and none", got.Status, got.Delay)
	}
}
