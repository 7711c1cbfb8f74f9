package chaos

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// errNotAPush means that what the pump sent is not the envelope of a push.
var errNotAPush = errors.New("not the envelope of a push")

// delivery is a message on its way to one step. A message of a topic with several
// subscriptions has one id and a delivery for each.
type delivery struct{ Subscription, Message string }

// answers is the transport closest to the functions, below every fault of pushes. It counts for
// each delivery how often the function did not acknowledge: its answer was an error, or there was
// none. The functions' logs have how often a step failed. If a step failed more often than that,
// its message was acknowledged in spite of the failure, and only a sweep can still recover it.
type answers struct {
	next http.RoundTripper

	mu   sync.Mutex
	kept map[delivery]int
}

func newAnswers(next http.RoundTripper) *answers {
	return &answers{next: next, kept: map[delivery]int{}}
}

// RoundTrip posts one push.
func (a *answers) RoundTrip(push *http.Request) (*http.Response, error) {
	d, err := deliveryOf(push)
	if err != nil {
		return nil, err
	}
	resp, err := a.next.RoundTrip(push)
	if err != nil || resp.StatusCode/100 != 2 {
		a.mu.Lock()
		a.kept[d]++
		a.mu.Unlock()
	}
	return resp, err
}

func deliveryOf(push *http.Request) (delivery, error) {
	body, err := push.GetBody()
	if err != nil {
		return delivery{}, err
	}
	var envelope struct {
		Subscription string `json:"subscription"`
		Message      struct {
			ID string `json:"messageId"`
		} `json:"message"`
	}
	if err := json.NewDecoder(body).Decode(&envelope); err != nil {
		return delivery{}, fmt.Errorf("%w: %w", errNotAPush, err)
	}
	return delivery{envelope.Subscription, envelope.Message.ID}, nil
}

// notKept returns the deliveries whose step failed more often than the message was left to Pub/Sub.
func (a *answers) notKept(failed map[delivery]int) (acked []delivery) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for d, times := range failed {
		if times > a.kept[d] {
			acked = append(acked, d)
		}
	}
	return acked
}

// failedSteps counts in the functions' logs how often each delivery was not handled. A
// killed instance may have answered and not logged it, so the count may be too low.
func failedSteps(dir string) (map[delivery]int, error) {
	logs, err := filepath.Glob(filepath.Join(dir, "functions*.log"))
	if err != nil {
		return nil, err
	}
	failed := map[delivery]int{}
	for _, file := range logs {
		in, err := failedIn(file)
		if err != nil {
			return nil, fmt.Errorf("read what the functions logged: %w", err)
		}
		for d, times := range in {
			failed[d] += times
		}
	}
	return failed, nil
}

func failedIn(file string) (map[delivery]int, error) {
	log, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	failed := map[delivery]int{}
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, longestLine)
	for lines.Scan() {
		var line struct {
			Message      string `json:"message"`
			ID           string `json:"message_id"`
			Subscription string `json:"subscription"`
		}
		// Lines that are not JSON come from the runtime: a panic, or a line that a kill cut off.
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Message == "message not handled" {
			failed[delivery{line.Subscription, line.ID}]++
		}
	}
	return failed, lines.Err()
}

const (
	longestLine = 1 << 20
	// answerTime is how long an answer may take after its step has logged it.
	answerTime = 5 * time.Second
)

// checkAnswers compares the functions' answers with their logs. Call it when nothing is in progress
// any more.
func (s *system) checkAnswers(ctx context.Context, v *Verdict) error {
	failed, err := failedSteps(s.logs)
	if err != nil {
		return err
	}
	// The step logs before it answers.
	end := time.Now().Add(answerTime)
	acked := s.deliveries.next.notKept(failed)
	for len(acked) > 0 && time.Now().Before(end) && ctx.Err() == nil {
		time.Sleep(100 * time.Millisecond)
		acked = s.deliveries.next.notKept(failed)
	}
	bySubscription := map[string]int{}
	for _, d := range acked {
		bySubscription[d.Subscription]++
	}
	for subscription, n := range bySubscription {
		v.lostMany(n, "%d messages of %s were acked, although their step had failed", n, filepath.Base(subscription))
	}
	return nil
}
