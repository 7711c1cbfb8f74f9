package event_test

import (
	"testing"
	"time"

	"example.com/missionpot/internal/core/event"
)

// A function has one time-out, whichever topic its message came from.
func TestSubscriptionsOfOneFunctionGiveItTheSameTime(t *testing.T) {
	t.Parallel()
	first := map[string]event.Subscription{}
	for _, s := range event.Pipeline() {
		other, seen := first[s.Function]
		if !seen {
			first[s.Function] = s
			continue
		}
		if s.Handler != other.Handler || s.AckDeadline != other.AckDeadline {
			t.Errorf("%s has %s of %s, %s has %s of %s: want the same", s.Name, s.Handler, s.AckDeadline, other.Name, other.Handler, other.AckDeadline)
		}
	}
}

// https://cloud.google.com/pubsub/quotas#resource_limits and
// https://cloud.google.com/pubsub/docs/handling-failures
func TestSubscriptionsAreWithinTheLimitsOfPubSub(t *testing.T) {
	t.Parallel()
	for _, s := range event.Pipeline() {
		if s.Attempts < 5 || s.Attempts > 100 {
			t.Errorf("%s: %d attempts, want 5 to 100", s.Name, s.Attempts)
		}
		if s.AckDeadline < 10*time.Second || s.AckDeadline > 600*time.Second || s.Handler >= s.AckDeadline {
			t.Errorf("%s: handler %s, ack deadline %s, want 10 s to 600 s and the handler first", s.Name, s.Handler, s.AckDeadline)
		}
		if s.MinBackoff > s.MaxBackoff || s.MaxBackoff > 600*time.Second {
			t.Errorf("%s: backoff %s to %s, want at most 600 s", s.Name, s.MinBackoff, s.MaxBackoff)
		}
		if s.Retention < 10*time.Minute || s.Retention > 31*24*time.Hour {
			t.Errorf("%s: kept for %s, want 10 minutes to 31 days", s.Name, s.Retention)
		}
	}
}

// On a first release the functions run before there are tables. Ticks that fail
// meanwhile are not needed, so they must not become dead letters.
func TestATickIsForgottenBeforeItIsADeadLetterAndAnythingElseIsNot(t *testing.T) {
	t.Parallel()
	for _, s := range event.Pipeline() {
		dead, wait := time.Duration(0), s.MinBackoff
		for range s.Attempts - 1 {
			dead += wait
			wait = min(2*wait, s.MaxBackoff)
		}
		if forgotten := s.Retention < dead; forgotten != (s.Topic == event.Ticks) {
			t.Errorf("%s: kept for %s, dead after %s", s.Name, s.Retention, dead)
		}
		if s.Topic != event.Ticks && dead < 12*time.Hour {
			t.Errorf("%s: dead after %s, want half a day at least", s.Name, dead)
		}
	}
}
