package chaos

import (
	"context"
	"errors"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"
)

// trouble is the present set of faults of pushes. Each figure is a share of all pushes, from 0 to
// 1.
type trouble struct {
	repeat float64       // delivered twice, the second time up to a few seconds later
	delay  float64       // delivered late, which also changes their order
	hold   time.Duration // at most so long
	refuse float64       // answered 500 before the function sees them
	lose   float64       // delivered, and answered 500 whatever the function said
	hang   float64       // neither delivered nor answered while the trouble lasts
}

// usual is the trouble that is always there, because Pub/Sub promises neither order nor a single
// delivery.
var usual = trouble{repeat: 0.03, delay: 0.05, hold: 500 * time.Millisecond}

const (
	repeatsAtOnce = 200              // second deliveries under way; more are left out
	repeatTime    = 60 * time.Second // for one of them
	longestRepeat = 4 * time.Second  // before it starts
)

// errHung is the pump's error for a push that nobody answered.
var errHung = errors.New("the function hung")

// deliveries is the pump's transport to the functions' instances.
type deliveries struct {
	next    *answers
	repeats chan struct{}

	mu      sync.Mutex
	random  *rand.Rand
	hosts   []string // host:port of every instance
	now     trouble
	calm    chan struct{} // closed when the present trouble ends
	counted map[string]int
}

func newDeliveries(seed uint64) *deliveries {
	return &deliveries{
		random: generator(seed, partDelivery), now: usual, calm: make(chan struct{}),
		repeats: make(chan struct{}, repeatsAtOnce), counted: map[string]int{},
	}
}

// through is the pump's hook.
func (d *deliveries) through(next http.RoundTripper) http.RoundTripper {
	d.next = newAnswers(next)
	return d
}

// to sets the instances, host:port, that pushes are spread over.
func (d *deliveries) to(hosts ...string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hosts = hosts
}

// suffer changes the trouble. The function it returns restores the usual one.
func (d *deliveries) suffer(t trouble) (repair func() error) {
	d.set(t)
	return func() error {
		d.set(usual)
		return nil
	}
}

// rest ends all trouble, including the usual one.
func (d *deliveries) rest() { d.set(trouble{}) }

func (d *deliveries) set(t trouble) {
	d.mu.Lock()
	defer d.mu.Unlock()
	close(d.calm)
	d.now, d.calm = t, make(chan struct{})
}

// counts returns how many pushes had each kind of trouble.
func (d *deliveries) counts() map[string]int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return maps.Clone(d.counted)
}

// dice is the random draw for one push.
type dice struct {
	host                       string
	repeat, refuse, lose, hang bool
	hold, repeatIn             time.Duration
	calm                       chan struct{}
}

func (d *deliveries) roll() dice {
	d.mu.Lock()
	defer d.mu.Unlock()
	happens := func(what string, share float64) bool {
		if d.random.Float64() >= share {
			return false
		}
		d.counted[what]++
		return true
	}
	r := dice{calm: d.calm}
	if len(d.hosts) > 0 {
		r.host = d.hosts[d.random.IntN(len(d.hosts))]
	}
	r.refuse, r.hang, r.lose = happens("answered 500", d.now.refuse), happens("left hanging", d.now.hang), happens("handled, and the answer lost", d.now.lose)
	if r.repeat = happens("repeated", d.now.repeat); r.repeat {
		r.repeatIn = time.Duration(d.random.Int64N(int64(longestRepeat)))
	}
	if happens("delayed", d.now.delay) {
		r.hold = time.Duration(d.random.Int64N(int64(d.now.hold) + 1))
	}
	return r
}

// RoundTrip delivers one push, subject to the present trouble.
func (d *deliveries) RoundTrip(push *http.Request) (*http.Response, error) {
	r := d.roll()
	switch {
	case r.hang:
		select {
		case <-push.Context().Done():
		case <-r.calm:
		}
		return nil, errHung
	case r.refuse:
		return serverError(push), nil
	}
	if r.repeat {
		d.later(push, r)
	}
	select {
	case <-push.Context().Done():
		return nil, push.Context().Err()
	case <-time.After(r.hold):
	}
	resp, err := d.deliver(push.Context(), push, r.host)
	if err != nil || !r.lose {
		return resp, err
	}
	_, _ = io.Copy(io.Discard, resp.Body) // the answer is lost on purpose
	_ = resp.Body.Close()
	return serverError(push), nil
}

func (d *deliveries) deliver(ctx context.Context, push *http.Request, host string) (*http.Response, error) {
	body, err := push.GetBody()
	if err != nil {
		return nil, err
	}
	copied := push.Clone(ctx)
	copied.Body = body
	if host != "" {
		copied.URL.Host, copied.Host = host, ""
	}
	return d.next.RoundTrip(copied)
}

// later delivers a push a second time and ignores the answer.
func (d *deliveries) later(push *http.Request, r dice) {
	select {
	case d.repeats <- struct{}{}:
	default:
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(push.Context()), repeatTime)
	time.AfterFunc(r.repeatIn, func() {
		defer func() {
			cancel()
			<-d.repeats
		}()
		if resp, err := d.deliver(ctx, push, r.host); err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
	})
}

func serverError(push *http.Request) *http.Response {
	return &http.Response{
		Status: "500 Internal Server Error", StatusCode: http.StatusInternalServerError, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, Body: io.NopCloser(strings.NewReader("")), Request: push,
	}
}
