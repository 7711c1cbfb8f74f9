package chaos

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/auth/token"
)

const (
	// attemptTime is how long a client waits for one answer before it asks again.
	attemptTime = 10 * time.Second
	// momentTime is the same for an impatient client: less than a call takes while anything is
	// slow.
	momentTime = 150 * time.Millisecond
	// firstPause doubles between attempts, up to longestPause. An answer's Retry-After takes
	// precedence, within the time that a test has.
	firstPause   = 100 * time.Millisecond
	longestPause = 2 * time.Second
	longestAsked = 5 * time.Second
	longestBody  = 1 << 20 // bytes of an answer
)

// nobody stands for the user in a call without a token.
const nobody = -1

// clients use the REST contract, as many phones would: each attempt may reach another instance of
// the API, and a client without a clear answer retries with the same key.
type clients struct {
	bases    []string // addresses of the API's instances
	accounts []Account
	issuer   *token.Issuer
	http     *http.Client
	places   chan struct{} // one for each call under way
}

// newClients makes clients for instances of the API. Tokens are issued in the past, so that an
// instance whose clock is behind accepts them too.
func newClients(bases []string, accounts []Account, keys *token.Keys, atOnce int) *clients {
	return &clients{
		bases: bases, accounts: accounts, places: make(chan struct{}, atOnce),
		issuer: &token.Issuer{
			Keys: keys, Name: "missionpot", Audience: "missionpot",
			Now: func() time.Time { return time.Now().Add(-maxOffset - time.Minute) },
		},
		// No connection is kept: after a kill the next attempt opens a new one, and net/http never
		// repeats a call by itself.
		http: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
	}
}

// call is one request of a client.
type call struct {
	method, path string
	user         int // index of the account, or nobody
	key          string
	body         any
	patience     time.Duration // for one attempt; zero means attemptTime
}

// answer is an answer of the API. Its status is 0 if there was none.
type answer struct {
	status     int
	retryAfter time.Duration
	body       []byte
}

func (a answer) ok() bool { return a.status/100 == 2 }

// clear reports whether a retry can't give another answer. Another instance may accept a token that
// this one rejected.
func (a answer) clear() bool {
	return a.status >= 200 && a.status < 500 && a.status != http.StatusTooManyRequests && a.status != http.StatusUnauthorized
}

// code returns the stable code of a refusal, or its status.
func (a answer) code() string {
	var problem struct {
		Code string `json:"code"`
	}
	if err := json.Unmarshal(a.body, &problem); err != nil || problem.Code == "" {
		return strconv.Itoa(a.status)
	}
	return problem.Code
}

// once sends a call once, to any instance.
func (c *clients) once(ctx context.Context, q call) (answer, error) {
	if q.patience == 0 {
		q.patience = attemptTime
	}
	select {
	case c.places <- struct{}{}:
		defer func() { <-c.places }()
	case <-ctx.Done():
		return answer{}, ctx.Err()
	}
	ctx, cancel := context.WithTimeout(ctx, q.patience)
	defer cancel()
	req, err := c.request(ctx, q)
	if err != nil {
		return answer{}, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	a := answer{status: resp.StatusCode}
	if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil {
		a.retryAfter = min(time.Duration(seconds)*time.Second, longestAsked)
	}
	if a.body, err = io.ReadAll(io.LimitReader(resp.Body, longestBody)); err != nil {
		return answer{}, err
	}
	return a, nil
}

func (c *clients) request(ctx context.Context, q call) (*http.Request, error) {
	var body io.Reader
	if q.body != nil {
		text, err := json.Marshal(q.body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, q.method, c.bases[rand.IntN(len(c.bases))]+q.path, body)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if q.key != "" {
		req.Header.Set("Idempotency-Key", q.key)
	}
	if q.user != nobody {
		signed, err := c.issuer.Sign(token.Bearer{User: c.accounts[q.user].ID})
		if err != nil {
			return nil, err
		}
		req.Header.Set("Authorization", "Bearer "+signed)
	}
	return req, nil
}

// errNoAnswer means that the run ended before a client had a clear answer.
var errNoAnswer = errors.New("no clear answer")

// insist sends a call until the answer is clear. It also reports whether an attempt had no answer:
// that attempt may have had an effect that the last answer does not show.
func (c *clients) insist(ctx context.Context, q call) (a answer, unclear bool, err error) {
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		a, err = c.once(ctx, q)
		if err == nil && a.clear() {
			return a, unclear, nil
		}
		unclear = true
		wait := a.retryAfter
		if wait == 0 {
			wait = pause/2 + rand.N(pause/2)
		}
		select {
		case <-ctx.Done():
			return a, unclear, fmt.Errorf("%s %s: %w, the last was %d %v", q.method, q.path, errNoAnswer, a.status, err)
		case <-time.After(wait):
		}
		q.patience = 0 // after the first attempt even an impatient client waits
	}
}

// idOf reads the id in an answer.
func idOf(a answer) (uuid.UUID, error) {
	var thing struct {
		ID uuid.UUID `json:"id"`
	}
	if err := json.Unmarshal(a.body, &thing); err != nil {
		return uuid.Nil, fmt.Errorf("read an id: %w", err)
	}
	return thing.ID, nil
}

// learn adds an id from an answer, unless it is known already.
func learn(ids []uuid.UUID, id uuid.UUID) []uuid.UUID {
	if slices.Contains(ids, id) {
		return ids
	}
	return append(ids, id)
}
