package e2e_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
)

// These types are written from the REST contract, with the names a client of
// another language would use. Nothing of the API is imported.
type (
	cash struct {
		Available int64 `json:"available"`
		Held      int64 `json:"held"`
	}
	user struct {
		ID    string `json:"id"`
		Email string `json:"email"`
		Cash  cash   `json:"cash"`
	}
	session struct {
		AccessToken  string `json:"access_token"`
		RefreshToken string `json:"refresh_token"`
		ExpiresIn    int    `json:"expires_in"`
	}
	charge struct {
		ID     string `json:"id"`
		Amount int64  `json:"amount"`
		Status string `json:"status"`
		Cash   cash   `json:"cash"`
	}
	mission struct {
		ID               string  `json:"id"`
		StreamerID       string  `json:"streamer_id"`
		CreatorID        string  `json:"creator_id"`
		Title            string  `json:"title"`
		Description      string  `json:"description"`
		Status           string  `json:"status"`
		IsActive         bool    `json:"is_active"`
		Reward           int64   `json:"reward"`
		Contributors     int     `json:"contributors"`
		TimeLimitSeconds int64   `json:"time_limit_seconds"`
		Deadline         *string `json:"deadline"`
		CreatedAt        string  `json:"created_at"`
		DecidedAt        *string `json:"decided_at"`
		SettledAt        *string `json:"settled_at"`
	}
	bet struct {
		ID        string  `json:"id"`
		MissionID string  `json:"mission_id"`
		Amount    int64   `json:"amount"`
		Status    string  `json:"status"`
		Reason    *string `json:"reason"`
		PlacedAt  string  `json:"placed_at"`
		Delay     *struct {
			Code string `json:"code"`
		} `json:"delay"`
	}
	transaction struct {
		ID           string  `json:"id"`
		Kind         string  `json:"kind"`
		Amount       int64   `json:"amount"`
		MissionID    *string `json:"mission_id"`
		BalanceAfter int64   `json:"balance_after"`
	}
	contributor struct {
		UserID      string `json:"user_id"`
		DisplayName string `json:"display_name"`
		Amount      int64  `json:"amount"`
	}
	missionEvent struct {
		Revision int64   `json:"revision"`
		Kind     string  `json:"kind"`
		Mission  mission `json:"mission"`
		At       string  `json:"at"`
	}
	list[T any] struct {
		Items      []T     `json:"items"`
		NextCursor *string `json:"next_cursor"`
	}
	problem struct {
		Title  string `json:"title"`
		Status int    `json:"status"`
		Code   string `json:"code"`
		Detail string `json:"detail"`
	}
)

// request is one call. An empty field is left out.
type request struct {
	method, path string
	token        string // access token
	key          string // Idempotency-Key
	body         any    // sent as JSON; a []byte as it is
	header       map[string]string
}

// answer is what came back, read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) problem() (p problem) {
	_ = json.Unmarshal(a.body, &p) // what is not a problem has no code
	return p
}

// client keeps no connection, so that a call after a kill opens a new one and net/http never
// repeats a call by itself.
var client = &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}

// call sends a request and compares it and its answer with the contract.
func (s *fixture) call(t *testing.T, r request) answer {
	t.Helper()
	a, err := s.try(t, r)
	if err != nil {
		t.Fatalf("%s %s: %v", r.method, r.path, err)
	}
	return a
}

// together sends n requests at once and returns their answers.
func (s *fixture) together(t *testing.T, n int, next func() request) []answer {
	t.Helper()
	answers, errs := make([]answer, n), make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		r := next()
		all.Go(func() { answers[i], errs[i] = s.try(t, r) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	return answers
}

// try is call for an API that may not answer. It may run concurrently with the test.
func (s *fixture) try(t *testing.T, r request) (answer, error) {
	t.Helper()
	httpRequest, err := s.request(t, r)
	if err != nil {
		return answer{}, err
	}
	resp, err := s.checked(t, client).Do(httpRequest)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	a := answer{status: resp.StatusCode, header: resp.Header}
	if a.body, err = io.ReadAll(resp.Body); err != nil {
		return answer{}, err
	}
	return a, nil
}

func (s *fixture) request(t *testing.T, r request) (*http.Request, error) {
	var body io.Reader
	switch b := r.body.(type) {
	case nil:
	case []byte:
		body = bytes.NewReader(b)
	default:
		text, err := json.Marshal(b)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(text)
	}
	made, err := http.NewRequestWithContext(t.Context(), r.method, s.API.URL()+r.path, body)
	if err != nil {
		return nil, err
	}
	if body != nil {
		made.Header.Set("Content-Type", "application/json")
	}
	if r.token != "" {
		made.Header.Set("Authorization", "Bearer "+r.token)
	}
	if r.key != "" {
		made.Header.Set("Idempotency-Key", r.key)
	}
	for name, value := range r.header {
		made.Header.Set(name, value)
	}
	return made, nil
}

// read decodes an answer that must have the status.
func read[T any](t *testing.T, a answer, status int) (value T) {
	t.Helper()
	if a.status != status {
		t.Fatalf("answer is %d %s, want %d", a.status, a.body, status)
	}
	if err := json.Unmarshal(a.body, &value); err != nil {
		t.Fatalf("answer %s: %v", a.body, err)
	}
	return value
}

// refused expects a refusal with this status and code.
func refused(t *testing.T, a answer, status int, code string) {
	t.Helper()
	if got := a.problem().Code; a.status != status || got != code {
		t.Errorf("answer is %d %q %s, want %d %q", a.status, got, a.body, status, code)
	}
}

// person is a signed-in user.
type person struct {
	*fixture
	id, name, email, password, locale, token, refresh string
}

// viewer signs up and in, and charges some cash.
func (s *fixture) viewer(t *testing.T, locale string, won int64) *person {
	t.Helper()
	p := s.signUp(t, locale, false)
	if won > 0 {
		p.charge(t, won)
	}
	return p
}

// streamer signs up and in, with settings of the streamer's own if any.
func (s *fixture) streamer(t *testing.T, locale string, settings map[string]any) *person {
	t.Helper()
	p := s.signUp(t, locale, true)
	if settings != nil {
		read[user](t, p.patch(t, "/v1/users/me", settings), http.StatusOK)
	}
	return p
}

func (s *fixture) signUp(t *testing.T, locale string, streamer bool) *person {
	t.Helper()
	unique := strings.ReplaceAll(uuid.NewString(), "-", "")
	p := &person{
		fixture: s, name: "P " + unique[:8], email: unique + "@people.example", password: "quite a secret, " + unique, locale: locale,
	}
	s.secret(p.email, p.password)
	asked := map[string]any{
		"email": p.email, "password": p.password, "display_name": p.name, "streamer": streamer, "locale": locale,
	}
	p.id = read[user](t, s.call(t, request{method: "POST", path: "/v1/users", body: asked}), http.StatusCreated).ID
	login := map[string]any{"email": p.email, "password": p.password}
	in := read[session](t, s.call(t, request{method: "POST", path: "/v1/login", body: login}), http.StatusOK)
	p.token, p.refresh = in.AccessToken, in.RefreshToken
	s.secret(p.token, p.refresh)
	return p
}

func (p *person) get(t *testing.T, path string) answer {
	t.Helper()
	return p.call(t, request{method: "GET", path: path, token: p.token})
}

func (p *person) patch(t *testing.T, path string, body any) answer {
	t.Helper()
	return p.call(t, request{method: "PATCH", path: path, token: p.token, body: body})
}

// posting returns a POST under a key, to be sent now or later.
func (p *person) posting(path, key string, body any) request {
	return request{method: "POST", path: path, token: p.token, key: key, body: body}
}

// waiting returns a POST under a new key whose answer waits for the outcome.
func (p *person) waiting(path string, body any) request {
	r := p.posting(path, uuid.NewString(), body)
	r.header = map[string]string{"Prefer": "wait=15"}
	return r
}

func (p *person) post(t *testing.T, path string, body any) answer {
	t.Helper()
	return p.call(t, p.posting(path, uuid.NewString(), body))
}

func (p *person) postKeyed(t *testing.T, path, key string, body any) answer {
	t.Helper()
	return p.call(t, p.posting(path, key, body))
}

func (p *person) postWaiting(t *testing.T, path string, body any) answer {
	t.Helper()
	return p.call(t, p.waiting(path, body))
}

func (p *person) charge(t *testing.T, won int64) charge {
	t.Helper()
	return read[charge](t, p.post(t, "/v1/users/me/charges", map[string]any{"amount": won}), http.StatusCreated)
}

func (p *person) cash(t *testing.T) cash {
	t.Helper()
	return read[user](t, p.get(t, "/v1/users/me"), http.StatusOK).Cash
}

// ask creates a mission and waits until its stake is decided.
func (p *person) ask(t *testing.T, streamer *person, stake int64) mission {
	t.Helper()
	return read[mission](t, p.postWaiting(t, "/v1/missions", p.draft(streamer, stake)), http.StatusCreated)
}

func (p *person) draft(streamer *person, stake int64) map[string]any {
	return map[string]any{
		"streamer_id": streamer.id, "title": "Mission " + uuid.NewString()[:8], "description": "One try.\nNo potion.",
		"stake": stake, "time_limit_seconds": 3600,
	}
}

// bet puts cash on a mission and waits for the outcome.
func (p *person) bet(t *testing.T, missionID string, won int64) bet {
	t.Helper()
	return read[bet](t, p.postWaiting(t, "/v1/missions/"+missionID+"/bets", map[string]any{"amount": won}), http.StatusCreated)
}

// judge lets the streamer act on a mission: accept, reject, success or fail.
func (p *person) judge(t *testing.T, missionID, action string) mission {
	t.Helper()
	a := p.call(t, request{method: "POST", path: "/v1/missions/" + missionID + "/" + action, token: p.token})
	return read[mission](t, a, http.StatusOK)
}

func (s *fixture) mission(t *testing.T, id string) mission {
	t.Helper()
	return read[mission](t, s.call(t, request{method: "GET", path: "/v1/missions/" + id}), http.StatusOK)
}

// await waits until a mission meets the condition, and returns it.
func (s *fixture) await(t *testing.T, id, what string, wanted func(mission) bool) (m mission) {
	t.Helper()
	eventually(t, func() string {
		if m = s.mission(t, id); wanted(m) {
			return ""
		}
		return fmt.Sprintf("mission is %+v, want %s", m, what)
	})
	return m
}

func (s *fixture) awaitSettled(t *testing.T, id string) mission {
	t.Helper()
	return s.await(t, id, "settled", func(m mission) bool { return m.SettledAt != nil })
}

func (s *fixture) awaitReward(t *testing.T, id string, won int64) mission {
	t.Helper()
	return s.await(t, id, fmt.Sprintf("a reward of %d", won), func(m mission) bool { return m.Reward == won })
}

// all reads a whole list, in pages small enough to need several.
func all[T any](t *testing.T, s *fixture, path, token string) (items []T) {
	t.Helper()
	for cursor := ""; ; {
		page := read[list[T]](t, s.call(t, request{method: "GET", path: path + "?limit=3" + cursor, token: token}), http.StatusOK)
		items = append(items, page.Items...)
		if page.NextCursor == nil {
			return items
		}
		cursor = "&cursor=" + *page.NextCursor
	}
}

func parseTime(t *testing.T, text *string) time.Time {
	t.Helper()
	if text == nil {
		t.Fatal("a time is null")
	}
	at, err := time.Parse(time.RFC3339Nano, *text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}
