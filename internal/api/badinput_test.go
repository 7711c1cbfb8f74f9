package api_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"example.com/missionpot/internal/api"
	"example.com/missionpot/internal/api/edge"
)

// entry is a route that takes a body, with one that is good.
type entry struct {
	method, path string
	body         object
	keyed        bool
	optional     bool // every field may be left out
}

// entries are all of them; TestEveryRouteWithABodyIsInTheTable holds that.
func entries(s *stand) (player, []entry) {
	mina, jun := s.viewer("mina", 100_000), s.signUp("jun", true)
	m := s.mission(mina, jun, 1_000)
	return mina, []entry{
		{method: http.MethodPost, path: "/v1/users", body: object{"email": "new@example.com", "password": goodPassword, "display_name": "New", "streamer": false, "locale": "ko"}},
		{method: http.MethodPatch, path: "/v1/users/me", optional: true, body: object{
			"display_name": "New", "streamer": true, "locale": "en", "auto_accept": true, "min_stake": 100, "max_stake": 1000, "acceptance_seconds": 60}},
		{method: http.MethodPost, path: "/v1/login", body: object{"email": "mina@example.com", "password": goodPassword}},
		{method: http.MethodPost, path: "/v1/token", body: object{"refresh_token": "x"}},
		{method: http.MethodPost, path: "/v1/logout", body: object{"refresh_token": "x"}},
		{method: http.MethodPost, path: "/v1/users/me/charges", keyed: true, body: object{"amount": 1000}},
		{method: http.MethodPost, path: "/v1/missions", keyed: true, body: draft(jun, 1_000)},
		{method: http.MethodPost, path: betsOf(m), keyed: true, body: object{"amount": 1000}},
		{method: http.MethodPost, path: "/v1/password-resets", body: object{"email": "mina@example.com"}},
		{method: http.MethodPost, path: "/v1/password-resets/redeem", body: object{"code": "x", "new_password": goodPassword}},
		{method: http.MethodPost, path: "/v1/users/me/second-factor", body: object{"current_password": goodPassword}},
		{method: http.MethodPut, path: "/v1/users/me/second-factor", body: object{"current_password": goodPassword, "code": "x"}},
		{method: http.MethodDelete, path: "/v1/users/me", body: object{"current_password": goodPassword}},
		{method: http.MethodPost, path: "/v1/users/me/second-factor/remove", body: object{"current_password": goodPassword}},
		{method: http.MethodPut, path: "/v1/users/me/password", body: object{"current_password": goodPassword, "new_password": goodPassword}},
	}
}

func (s *stand) send(e entry, bearer string, body any, headers ...string) reply {
	s.t.Helper()
	if e.keyed {
		headers = append([]string{"Idempotency-Key", uuid.NewString()}, headers...)
	}
	return s.call(e.method, e.path, bearer, body, headers...)
}

func TestEveryRouteWithABodyIsInTheTable(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	_, table := entries(s)
	doc, err := document()
	if err != nil {
		t.Fatal(err)
	}
	want := 0
	for _, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			if op.RequestBody != nil {
				want++
			}
		}
	}
	if len(table) != want {
		t.Errorf("the table has %d routes with a body, the document %d", len(table), want)
	}
}

// Whatever is wrong with the body as such is refused in the same way by every
// route that takes one.
func TestBodiesThatAreNotWhatARouteTakesAreRefused(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina, table := entries(s)
	before := s.rows()
	for _, e := range table {
		good, err := json.Marshal(e.body)
		s.ok(err)
		for name, c := range map[string]struct {
			body    string
			headers []string
			status  int
			code    string
		}{
			"nothing":                 {"", nil, 400, "malformed"},
			"blanks":                  {" \n", nil, 400, "malformed"},
			"no JSON":                 {"amount=1000", nil, 400, "malformed"},
			"half a body":             {string(good[:len(good)-1]), nil, 400, "malformed"},
			"two bodies":              {string(good) + string(good), nil, 400, "malformed"},
			"deep nesting":            {strings.Repeat("[", 20_000), nil, 400, "malformed"},
			"one member twice":        {string(good[:len(good)-1]) + `,"x":1,"x":2}`, nil, 400, "malformed"},
			"a lone surrogate":        {string(good[:len(good)-1]) + `,"x":"\ud800"}`, nil, 400, "malformed"},
			"two surrogates swapped":  {string(good[:len(good)-1]) + `,"x":"\udc00\ud800"}`, nil, 400, "malformed"},
			"a byte that is no UTF-8": {string(good[:len(good)-1]) + ",\"x\":\"\xff\"}", nil, 400, "malformed"},
			"an array":                {"[" + string(good) + "]", nil, 422, "invalid"},
			"null":                    {"null", nil, 422, "invalid"},
			"a string":                {`"hello"`, nil, 422, "invalid"},
			"an unknown field":        {`{"surprise":1,` + string(good[1:]), nil, 422, "invalid"},
			"a field in capitals":     {strings.ToUpper(string(good)), nil, 0, ""},
			"over 64 KiB":             {`{"x":"` + strings.Repeat("a", 64<<10) + `"}`, nil, 413, "too_large"},
			"a form":                  {string(good), []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "unsupported_media_type"},
			"XML":                     {string(good), []string{"Content-Type", "text/xml"}, 415, "unsupported_media_type"},
			"another encoding":        {string(good), []string{"Content-Type", "application/json; charset=euc-kr"}, 415, "unsupported_media_type"},
			"a broken media type":     {string(good), []string{"Content-Type", "json/;;"}, 415, "unsupported_media_type"},
			"an answer nobody serves": {string(good), []string{"Accept", "text/html"}, 406, "not_acceptable"},
			"JSON excluded":           {string(good), []string{"Accept", "application/json;q=0, text/*"}, 406, "not_acceptable"},
		} {
			r := s.send(e, mina.token, c.body, c.headers...)
			if c.status == 0 {
				c.status, c.code = 400, "malformed" // TRUE and NULL are no JSON …
				if json.Valid([]byte(c.body)) {
					c.status, c.code = 422, "invalid" // … else no field is known by that name
				}
			}
			if r.status != c.status || !strings.Contains(string(r.body), `"code":"`+c.code+`"`) {
				t.Errorf("%s %s with %s answered %d, want %d %s: %s", e.method, e.path, name, r.status, c.status, c.code, r.body)
			}
			if strings.Contains(string(r.body), goodPassword) {
				t.Errorf("%s %s with %s: the answer has the password in it", e.method, e.path, name)
			}
		}
	}
	if after := s.rows(); after != before {
		t.Errorf("refused bodies changed something: before %+v, after %+v", before, after)
	}
}

// One field at a time is spoiled, by every value that is wrong for its kind.
func TestFieldsThatBreakARuleAreRefusedByName(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina, table := entries(s)
	before := s.rows()
	texts := []string{`1`, `true`, `{}`, `[]`}
	numbers := []string{`"1000"`, `0`, `-1000`, `100.5`, `1e-2`, `100.0000000000000000001`, `1e400`, `99999999999999999999`, `true`, `{}`, `[]`, `99`, `10000001`}
	booleans := []string{`1`, `"true"`, `{}`}
	for _, e := range table {
		for field, good := range e.body {
			bad := append([]string(nil), numbers...)
			switch v := good.(type) {
			case string:
				bad = append(append([]string(nil), texts...), wrongTexts(field)...)
			case uuid.UUID:
				bad = append(append([]string(nil), texts...), `"not-an-id"`, `""`, `"{`+v.String()+`}"`, `"urn:uuid:`+v.String()+`"`, `"`+strings.Repeat("a", 36)+`"`)
			case bool:
				bad = booleans
			default:
				_ = v
			}
			bad = append(bad, `null`)
			if !e.optional && field != "description" && field != "streamer" && field != "locale" {
				bad = append(bad, "")
			}
			for _, value := range bad {
				if field == "time_limit_seconds" && value == "99" || field == "acceptance_seconds" && value == "99" {
					continue // these are good here
				}
				r := s.send(e, mina.token, spoiled(t, e.body, field, value))
				want := http.StatusUnprocessableEntity
				if value == `1e400` {
					want = http.StatusBadRequest // not a number at all
				}
				if r.status != want {
					t.Errorf("%s %s with %s = %.40s answered %d, want %d: %s", e.method, e.path, field, value, r.status, want, r.body)
					continue
				}
				if p := read[edge.Problem](r); want == 422 && (len(p.Errors) == 0 || !strings.HasPrefix(p.Errors[0].Location, "body")) {
					t.Errorf("%s %s with %s = %.40s does not say where: %s", e.method, e.path, field, value, r.body)
				}
				if bytes.Contains(r.body, []byte("Go ")) || bytes.Contains(r.body, []byte("int64")) {
					t.Errorf("%s %s with %s = %.40s speaks of Go: %s", e.method, e.path, field, value, r.body)
				}
			}
		}
	}
	if after := s.rows(); after != before {
		t.Errorf("refused fields changed something: before %+v, after %+v", before, after)
	}
}

// wrongTexts are what a text field refuses beyond values that are no text.
func wrongTexts(field string) []string {
	switch field {
	case "email":
		return []string{`""`, `"mina"`, `"a@b@c"`, `"a\u0000@example.com"`, `"` + strings.Repeat("a", 400) + `@example.com"`}
	case "display_name", "title":
		return []string{`""`, `"   "`, `"a\u0000b"`, `"a\nb"`, `"a\u202eb"`, `"` + strings.Repeat("가", 101) + `"`}
	case "description":
		return []string{`"a\u0000b"`, `"` + strings.Repeat("가", 1001) + `"`}
	case "locale":
		return []string{`"fr"`, `"KO"`}
	case "refresh_token":
		return []string{`"` + strings.Repeat("a", 300) + `"`}
	case "password":
		return []string{`"` + strings.Repeat("a", 2000) + `"`}
	}
	return nil
}

// spoiled is a body with one field replaced by raw JSON, or left out.
func spoiled(t *testing.T, good object, field, value string) string {
	t.Helper()
	body := maps.Clone(good)
	delete(body, field)
	if value != "" {
		body[field] = json.RawMessage("0")
	}
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Replace(string(text), `"`+field+`":0`, `"`+field+`":`+value, 1)
}

type counts struct{ users, charges, missions, ledger int64 }

// rows counts what a refused call could have left behind.
func (s *stand) rows() (c counts) {
	s.t.Helper()
	s.ok(s.users.Pool.QueryRow(s.t.Context(), `SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM charges), (SELECT count(*) FROM ledger)`).
		Scan(&c.users, &c.charges, &c.ledger))
	s.ok(s.missions.Pool.QueryRow(s.t.Context(), `SELECT count(*) FROM missions`).Scan(&c.missions))
	return c
}

func TestKeysMustBeThereAndVisible(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina, table := entries(s)
	for _, e := range table {
		if !e.keyed {
			continue
		}
		with := func(key string) reply {
			return s.call(e.method, e.path, mina.token, e.body, "Idempotency-Key", key)
		}
		s.call(e.method, e.path, mina.token, e.body).refused(http.StatusBadRequest, "idempotency_key_missing")
		with("").refused(http.StatusBadRequest, "idempotency_key_missing")
		s.call(e.method, e.path, mina.token, e.body, "Idempotency-Key", `""`).refused(http.StatusBadRequest, "idempotency_key_missing")
		for _, key := range []string{strings.Repeat("k", 256), "a b", "키", `"a`, `"a"b"`, `"a\b"`, `"a b"`} {
			if p := with(key).refused(http.StatusUnprocessableEntity, "invalid"); p.Errors[0].Location != "header.Idempotency-Key" {
				t.Errorf("%s: the key %q is refused at %q", e.path, key, p.Errors[0].Location)
			}
		}
		if r := with(strings.Repeat("k", 255)); r.status >= 300 {
			t.Errorf("%s: a key of 255 characters answered %d: %s", e.path, r.status, r.body)
		}
		s.call(e.method, e.path, "", e.body).refused(http.StatusUnauthorized, "unauthenticated")
	}
}

func TestPathsAndQueriesAreChecked(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina, jun := s.viewer("mina", 100_000), s.signUp("jun", true)
	m := s.mission(mina, jun, 1_000)
	id := m.ID.String()
	other := read[edge.Listed[api.Transaction]](s.get("/v1/users/me/transactions?limit=1", mina.token).want(http.StatusOK))
	for path, location := range map[string]string{
		"/v1/users/not-an-id":                             "path.id",
		"/v1/missions/1":                                  "path.id",
		"/v1/missions/" + id + "x":                        "path.id",
		"/v1/missions/%00":                                "path.id",
		"/v1/missions/" + id + "/bets/1":                  "path.bet_id",
		"/v1/missions/x/events":                           "path.id",
		"/v1/streamers/x/events":                          "path.id",
		"/v1/missions?limit=0":                            "query.limit",
		"/v1/missions?limit=101":                          "query.limit",
		"/v1/missions?limit=ten":                          "query.limit",
		"/v1/missions?limit=1.5":                          "query.limit",
		"/v1/missions?cursor=!!!":                         "query.cursor",
		"/v1/missions?cursor=e30":                         "query.cursor",
		"/v1/missions?cursor=" + strings.Repeat("a", 600): "query.cursor",
		"/v1/missions?cursor=" + *other.NextCursor:        "query.cursor",
		"/v1/missions?status=open":                        "query.status[0]",
		"/v1/missions?streamer_id=me":                     "query.streamer_id",
		"/v1/missions?streamer_id=urn:uuid:" + id:         "query.streamer_id",
		"/v1/missions/%7B" + id + "%7D":                   "path.id",
		"/v1/missions/urn:uuid:" + id:                     "path.id",
		"/v1/missions?staus=active":                       "query.staus",
		"/v1/missions?streamer=abc":                       "query.streamer",
		"/v1/missions?status=":                            "query.status",
		"/v1/missions?status":                             "query.status",
		"/v1/missions?limit=%zz":                          "query",
		"/v1/missions?limit=1;cursor=a":                   "query",
		"/v1/missions?limit=1&limit=2":                    "query.limit",
		"/v1/users/me?x=1":                                "query.x",
		"/v1/books?x=1":                                   "query.x",
		"/v1/users":                                       "query.id",
		"/v1/users?id=":                                   "query.id",
		"/v1/users?id=me":                                 "query.id[0]",
		"/v1/users?id=" + id + "," + id:                   "query.id[0]",
		"/v1/users?id=" + id + "&id=urn:uuid:" + id:       "query.id[1]",
		"/v1/users?" + strings.Repeat("&id="+id, 101)[1:]: "query.id",
		"/v1/users?id=" + id + "&limit=1":                 "query.limit",
		"/v1/streamers?limit=-1":                          "query.limit",
		"/v1/users/me/transactions?cursor=AAAA":           "query.cursor",
		"/v1/missions/" + id + "/contributors?limit=0":    "query.limit",
		"/v1/missions/" + id + "/events?cursor=zzz":       "query.cursor",
	} {
		p := s.get(path, mina.token).refused(http.StatusUnprocessableEntity, "invalid")
		if len(p.Errors) == 0 || p.Errors[0].Location != location {
			t.Errorf("%s is refused at %+v, want %s", path, p.Errors, location)
		}
	}
	s.get("/v1/nothing", "").refused(http.StatusNotFound, "not_found")
	s.get("/", "").refused(http.StatusNotFound, "not_found")
	r := s.call(http.MethodPut, "/v1/users/me", mina.token, nil)
	r.refused(http.StatusMethodNotAllowed, "method_not_allowed")
	if allow := r.header.Get("Allow"); allow != "DELETE, GET, HEAD, PATCH" {
		t.Errorf("Allow is %q", allow)
	}
}
