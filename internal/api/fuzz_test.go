package api_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/api"
	"example.com/missionpot/internal/api/edge"
)

// fuzzStand is an API on real databases that logs nothing, for many thousand
// calls in one process.
func fuzzStand(f *testing.F, changes ...func(*stand, *api.Dependencies)) *stand {
	f.Helper()
	quiet := func(s *stand, d *api.Dependencies) {
		d.Log = slog.New(slog.DiscardHandler)
		s.post.deliver = true
	}
	return newStand(f, append([]func(*stand, *api.Dependencies){quiet}, changes...)...)
}

// direct calls the handler without a connection between: what a header holds
// reaches it even where no client could send it.
func (s *stand) direct(t *testing.T, method, target, bearer string, body []byte, headers ...string) reply {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	r := &http.Request{
		Method: method, URL: parsed(target), Host: "fuzz", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{},
		RemoteAddr: "192.0.2.1:1234", RequestURI: target, Body: http.NoBody,
	}
	if body != nil {
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		r.Header.Set("Content-Type", "application/json")
	}
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	described, err := described()
	if err != nil {
		t.Fatal(err)
	}
	answer, err := described.Transport(called{s.handler}, func(err error) { t.Error(err) }).RoundTrip(r.WithContext(ctx))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{t, method + " " + target, answer.StatusCode, answer.Header, text}
}

// called is a handler as a way to make calls.
type called struct{ http.Handler }

// RoundTrip is of http.RoundTripper.
func (c called) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	c.ServeHTTP(w, r)
	return w.Result(), nil
}

// parsed is a target as net/http would read it; one that it would refuse comes
// back as the root.
func parsed(target string) *url.URL {
	u, err := url.ParseRequestURI(target)
	if err != nil {
		return &url.URL{Path: "/"}
	}
	return u
}

// sane holds for every answer: the input never breaks the server, and a refusal
// is a problem that says so.
func (r reply) sane() {
	r.t.Helper()
	if r.status == http.StatusInternalServerError || r.status == http.StatusServiceUnavailable {
		r.t.Fatalf("%s answered %d: %s", r.what, r.status, r.body)
	}
	if r.status < 400 {
		return
	}
	var p edge.Problem
	if err := json.Unmarshal(r.body, &p); err != nil || p.Code == "" || p.Status != r.status {
		r.t.Fatalf("%s answered %d with %q, want a problem with a code", r.what, r.status, r.body)
	}
}

// Every route that takes a body, on real databases: no body breaks it.
func FuzzBody(f *testing.F) {
	s := fuzzStand(f)
	mina, table := entries(s)
	for i, e := range table {
		good, err := json.Marshal(e.body)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), good)
		f.Add(uint8(i), bytes.ReplaceAll(good, []byte(`"`), []byte(`'`)))
		f.Add(uint8(i), append(good, good...))
		f.Add(uint8(i), bytes.ReplaceAll(good, []byte("1000"), []byte("1e3")))
		f.Add(uint8(i), bytes.ReplaceAll(good, []byte("e"), []byte(`\u0000`)))
	}
	f.Add(uint8(3), []byte(`{"refresh_token":"\ud800"}`))
	f.Fuzz(func(t *testing.T, route uint8, body []byte) {
		e := table[int(route)%len(table)]
		var headers []string
		if e.keyed {
			headers = []string{"Idempotency-Key", uuid.NewString()}
		}
		r := s.direct(t, e.method, e.path, mina.token, body, headers...)
		r.sane()
		if r.status < 300 && !json.Valid(body) {
			t.Errorf("%s took %q, which is no JSON", r.what, body)
		}
	})
}

// A key is good or refused, and a good one means the same call when it comes
// again.
func FuzzIdempotencyKey(f *testing.F) {
	s := fuzzStand(f)
	mina := s.viewer("mina", 1_000)
	for _, seed := range []string{"6f1d4a3e-2f0b-4c55-9d0e-0a4f2f7f5b11", "", " ", "a b", "키", "\x00", "k\n", "'; DROP TABLE charges; --", strings.Repeat("k", 255), strings.Repeat("k", 256), "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, key string) {
		charge := func(amount string) reply {
			return s.direct(t, http.MethodPost, "/v1/users/me/charges", mina.token, []byte(`{"amount":`+amount+`}`), "Idempotency-Key", key)
		}
		first := charge("1000")
		first.sane()
		visible := !strings.ContainsFunc(key, func(c rune) bool { return c < '!' || c > '~' })
		if good := visible && key != "" && len(key) <= 255; good != (first.status == http.StatusCreated) {
			t.Fatalf("the key %q answered %d: %s", key, first.status, first.body)
		}
		if first.status != http.StatusCreated {
			return
		}
		again, other := charge("1000"), charge("1001")
		if got, want := read[api.Charge](again).ID, read[api.Charge](first).ID; got != want {
			t.Errorf("the key %q made two charges, %s and %s", key, want, got)
		}
		if other.status != http.StatusUnprocessableEntity {
			t.Errorf("another request under the key %q answered %d, want 422", key, other.status)
		}
	})
}

// A stream goes on after any id or says that it is none, and never goes back.
func FuzzLastEventID(f *testing.F) {
	s := fuzzStand(f)
	mina, jun := s.viewer("mina", 10_000), s.signUp("jun", true)
	m := s.mission(mina, jun, 1_000)
	s.call(http.MethodPost, "/v1/missions/"+m.ID.String()+"/success", jun.token, nil).want(http.StatusOK)
	close(s.drain) // a stream ends once it has sent what was missed
	for _, seed := range []string{"0000000000000000002", "0", "1", "9223372036854775807", "9223372036854775808", "-1", "1e3", "", "+1", "１", " 1", "0x1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, id string) {
		r := s.direct(t, http.MethodGet, "/v1/missions/"+m.ID.String()+"/events", "", nil, "Accept", "text/event-stream", "Last-Event-ID", id)
		r.sane()
		last := strings.TrimLeft(id, "0")
		if len(last) > 1 || last > "4" { // beyond the end it begins with the present state
			last, id = "", ""
		}
		for line := range strings.Lines(string(r.body)) {
			next, found := strings.CutPrefix(line, "id: ")
			if !found {
				continue
			}
			next = strings.TrimLeft(strings.TrimSpace(next), "0")
			if id != "" && (len(next) < len(last) || len(next) == len(last) && next <= last) {
				t.Fatalf("after %q comes the event %s", id, next)
			}
			last = next
		}
	})
}

// Every route without a body, with any id in its path, any query and any
// cursor: what can't be read is refused, and nothing breaks.
func FuzzTarget(f *testing.F) {
	s := fuzzStand(f)
	mina, jun := s.viewer("mina", 10_000), s.signUp("jun", true)
	m := s.mission(mina, jun, 1_000)
	s.keepCheck(0)
	routes := bodiless(f)
	for i := range routes {
		f.Add(uint8(i), m.ID.String(), "limit=1", `{"v":1,"k":7}`)
		f.Add(uint8(i), jun.id.String(), "status=active&streamer_id="+jun.id.String(), `{"v":1,"k":"`+m.ID.String()+`"}`)
		f.Add(uint8(i), "../me", "limit=%00&limit=2", `{"v":1,"k":{"UserID":"`+mina.id.String()+`","Amount":-1}}`)
		f.Add(uint8(i), "%00", "cursor=!!!", "")
		f.Add(uint8(i), mina.id.String(), "id="+mina.id.String()+"&id="+strings.ToUpper(jun.id.String())+"&id=%00", "")
	}
	f.Fuzz(func(t *testing.T, route uint8, id, query, cursor string) {
		method, path, _ := strings.Cut(routes[int(route)%len(routes)], " ")
		path = strings.NewReplacer("{id}", url.PathEscape(id), "{bet_id}", url.PathEscape(id)).Replace(path)
		if cursor != "" {
			query += "&cursor=" + base64.RawURLEncoding.EncodeToString([]byte(cursor))
		}
		s.direct(t, method, path+"?"+query, mina.token, nil).sane()
	})
}

// bodiless are the calls of the document that take no body; the probes are the
// platform's.
func bodiless(f *testing.F) (routes []string) {
	f.Helper()
	doc, err := document()
	if err != nil {
		f.Fatal(err)
	}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			if op.RequestBody == nil && !strings.HasSuffix(path, "z") && method != http.MethodDelete {
				routes = append(routes, method+" "+path)
			}
		}
	}
	slices.Sort(routes)
	return routes
}
