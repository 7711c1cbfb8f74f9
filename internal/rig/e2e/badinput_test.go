package e2e_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// belongings counts everything that a person could have moved or created.
func (p *person) belongings(t *testing.T) int64 {
	t.Helper()
	return figure(t, p.UsersDSN(), `SELECT (SELECT count(*) FROM ledger WHERE user_id = $1) + (SELECT count(*) FROM charges WHERE user_id = $1)`, p.id) +
		figure(t, p.MissionsDSN(), `SELECT count(*) FROM missions WHERE creator_id = $1`, p.id)
}

func TestNoBodyThatIsNotAsDocumentedDoesAnything(t *testing.T) {
	t.Parallel()
	s := &sweep{fixture: sharedSystem(t)}
	p := s.viewer(t, "en", purse)
	m := p.ask(t, s.streamer(t, "en", nil), 1000)
	before := p.belongings(t)
	for _, o := range s.operations() {
		if o.RequestBody == nil {
			continue
		}
		path := o.at(m.ID)
		good, err := json.Marshal(o.example())
		if err != nil {
			t.Fatal(err)
		}
		for what, body := range map[string]string{
			"no body": "", "no JSON": "amount=100", "half a body": string(good[:len(good)/2]), "an array": "[" + string(good) + "]",
			"two bodies": string(good) + string(good), "a number": "7", "null": "null", "nothing in it but depth": strings.Repeat(`{"a":`, 5000),
			"an unknown field": `{"surprise":1,` + string(good[1:]),
			"bytes":            "\xff\xfe\x00", "two of a field": `{"surprise":1,"surprise":2}`,
		} {
			s.refuses(t, what, o.as(p, path, []byte(body)))
		}
		large := []byte(`{"surprise":"` + strings.Repeat("a", 65<<10) + `"}`)
		s.refusesAs(t, http.StatusRequestEntityTooLarge, "65 KiB", o.as(p, path, large))
		for _, c := range []struct {
			status       int
			header, says string
		}{
			{http.StatusUnsupportedMediaType, "Content-Type", "application/x-www-form-urlencoded"},
			{http.StatusUnsupportedMediaType, "Content-Type", "application/"},
			{http.StatusNotAcceptable, "Accept", "image/png"},
		} {
			r := o.as(p, path, good)
			r.header = map[string]string{c.header: c.says}
			s.refusesAs(t, c.status, c.says, r)
		}
		for name, property := range o.properties() {
			for what, value := range spoil(property.Value) {
				body := o.example()
				body[name] = value
				s.refuses(t, name+" as "+what, o.as(p, path, body))
			}
		}
	}
	if after := p.belongings(t); after != before {
		t.Errorf("refused calls left %d rows behind, want none", after-before)
	}
	s.sawAtLeast(t, 200)
}

// Whether a text is valid for a field is the API's decision; this test only requires that the API
// decides and does not fail.
func TestNoTextBreaksAnything(t *testing.T) {
	t.Parallel()
	s := &sweep{fixture: sharedSystem(t)}
	p := s.viewer(t, "en", purse)
	m := p.ask(t, s.streamer(t, "en", nil), 1000)
	texts := map[string]string{ // as they stand between the quotes of JSON
		"a zero byte": `aaaa\u0000aaaa`, "a raw zero byte": "aaaa\x00aaaa", "a bell": `aaaa\u0007aaaa`, "an escape": `\u001b[31maaaaaa`,
		"a bidi override": "aaaa\u202eaaaa", "half a character": "aaaa\xc3aaaa", "a lone surrogate": `aaaa\ud800aaaa`, "blanks": "        ",
		"quotes": `a\"'--;\\aaaa`, "markup": "<script>alert(1)</script>", "emoji": "👩‍👩‍👧‍👦👩‍👩‍👧‍👦", "percent": "%s%d%n%00 {} ${a}",
	}
	for _, o := range s.operations() {
		for name, property := range o.properties() {
			if !property.Value.Type.Includes("string") {
				continue
			}
			for what, text := range texts {
				s.survives(t, name+" with "+what, o.as(p, o.at(m.ID), o.exampleWith(t, name, text)))
			}
		}
		for what, text := range texts {
			if o.at("x") != o.path {
				s.refuses(t, "an id with "+what, o.as(p, o.at(url.PathEscape(text)), o.exampleOrNil()))
			}
			for _, param := range o.Parameters {
				if param.Value.In == "query" {
					path := o.at(m.ID) + "?" + param.Value.Name + "=" + url.QueryEscape(text)
					s.survives(t, param.Value.Name+" with "+what, o.as(p, path, o.exampleOrNil()))
				}
			}
		}
	}
	s.sawAtLeast(t, 200)
}

func TestNoOperationTakesAWrongIDOrParameter(t *testing.T) {
	t.Parallel()
	s := &sweep{fixture: sharedSystem(t)}
	p := s.viewer(t, "en", purse)
	for _, o := range s.operations() {
		if o.at("x") != o.path {
			for what, id := range map[string]string{
				"an id of nothing": uuid.NewString(), "the nil id": uuid.Nil.String(), "a word": "nonsense", "a number": "7",
				"an id and more": uuid.NewString() + "0", "an id in braces": url.PathEscape("{" + uuid.NewString() + "}"), "a long id": strings.Repeat("a", 4000),
			} {
				r := o.as(p, o.at(id), o.exampleOrNil())
				if what == "an id of nothing" && o.RequestBody == nil {
					want := http.StatusNotFound
					if strings.HasPrefix(o.path, "/v1/deadletters/") {
						want = http.StatusForbidden // only operators may see whether it exists
					}
					if a := s.survives(t, what, r); a.status != want {
						t.Errorf("%s %s of nothing answers %d %s, want %d", o.method, o.path, a.status, a.body, want)
					}
					continue
				}
				s.refuses(t, what, r)
			}
		}
		for _, param := range o.Parameters {
			if param.Value.In != "query" || len(param.Value.Schema.Value.Enum) == 0 && param.Value.Name != "limit" && param.Value.Name != "cursor" {
				continue
			}
			for _, value := range []string{"nonsense", "-1", "0", "101", "1.5", "1e3", "99999999999999999999"} {
				s.refuses(t, param.Value.Name, o.as(p, o.at(uuid.NewString())+"?"+param.Value.Name+"="+value, nil))
			}
		}
	}
	s.sawAtLeast(t, 100)
}

func TestNoForgedTokenIsAccepted(t *testing.T) {
	t.Parallel()
	s := &sweep{fixture: sharedSystem(t)}
	p := s.viewer(t, "en", purse)
	tokens := forgeries(t, p)
	for _, o := range s.operations() {
		if o.Security == nil || len(*o.Security) == 0 {
			continue
		}
		for what, token := range tokens {
			r := o.as(p, o.at(uuid.NewString()), o.exampleOrNil())
			r.token = token
			s.answers++
			refused(t, s.call(t, r), http.StatusUnauthorized, "unauthenticated")
			if t.Failed() {
				t.Fatalf("%s %s with %s", o.method, o.path, what)
			}
		}
	}
	s.sawAtLeast(t, 80)
}

// forgeries are tokens in a person's name that were not signed with our keys.
func forgeries(t *testing.T, p *person) map[string]string {
	t.Helper()
	parts := strings.Split(p.token, ".")
	var header, claims map[string]any
	for i, into := range []any{&header, &claims} {
		text, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err == nil {
			err = json.Unmarshal(text, into)
		}
		if err != nil {
			t.Fatalf("read the access token: %v", err)
		}
	}
	_, foreign, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	sign := func(header, claims map[string]any, key ed25519.PrivateKey) string {
		text := encode(t, header) + "." + encode(t, claims)
		if key == nil {
			return text + "."
		}
		return text + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(key, []byte(text)))
	}
	with := func(original map[string]any, name string, value any) map[string]any {
		changed := maps.Clone(original)
		changed[name] = value
		return changed
	}
	return map[string]string{
		"no token":               "",
		"a word":                 "nonsense",
		"no signature":           parts[0] + "." + parts[1] + ".",
		"the algorithm none":     sign(with(header, "alg", "none"), claims, nil),
		"a foreign key":          sign(header, claims, foreign),
		"a foreign, expired key": sign(header, with(claims, "exp", time.Now().Add(-time.Hour).Unix()), foreign),
		"other claims":           parts[0] + "." + encode(t, with(claims, "sub", uuid.NewString())) + "." + parts[2],
		"a longer life":          parts[0] + "." + encode(t, with(claims, "exp", time.Now().Add(24*time.Hour).Unix())) + "." + parts[2],
		"a refresh token":        p.refresh,
	}
}

func encode(t *testing.T, value map[string]any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

func TestOnlyDocumentedMethodsAndPathsAreServed(t *testing.T) {
	t.Parallel()
	s := &sweep{fixture: sharedSystem(t)}
	for path, item := range s.contract.Document.Paths.Map() {
		path = strings.NewReplacer("{id}", uuid.NewString(), "{bet_id}", uuid.NewString()).Replace(path)
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"} {
			if item.Operations()[method] != nil {
				continue
			}
			s.answers++
			a := s.call(t, request{method: method, path: path})
			refused(t, a, http.StatusMethodNotAllowed, "method_not_allowed")
			for allowed := range item.Operations() {
				if !strings.Contains(a.header.Get("Allow"), allowed) {
					t.Errorf("%s %s is refused with Allow %q, want it to name %s", method, path, a.header.Get("Allow"), allowed)
				}
			}
		}
	}
	for _, path := range []string{"/", "/v1", "/v2/users", "/v1/missions/", "/v1/users/me/charges/" + uuid.NewString(), "/admin", "/.env", "/v1//accounts"} {
		if a := s.survives(t, "no such path", request{method: "GET", path: path}); a.status != http.StatusNotFound && a.status/100 != 3 {
			t.Errorf("%s answers %d %s, want 404", path, a.status, a.body)
		}
	}
	s.sawAtLeast(t, 100)
}

// A body that never ends must not occupy a place for ever, and one that ends too early must not
// count.
func TestABodyThatComesTooSlowlyOrNotAtAllIsRefused(t *testing.T) {
	t.Parallel()
	s := sharedSystem(t)
	p := s.viewer(t, "en", 0)
	for name, hangUp := range map[string]bool{"too slow": false, "cut off": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", strings.TrimPrefix(s.API.URL(), "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
				t.Fatal(err)
			}
			_, err = fmt.Fprintf(conn, "POST /v1/users/me/charges HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nIdempotency-Key: %s\r\n"+
				"Content-Type: application/json\r\nContent-Length: 15\r\n\r\n"+`{"amount":`, p.token, uuid.NewString())
			if err != nil {
				t.Fatal(err)
			}
			if hangUp {
				if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
					t.Fatal(err)
				}
			}
			text, err := io.ReadAll(conn)
			if err != nil {
				t.Fatalf("the connection is still open after %v: %v", patience, err)
			}
			if got := string(text); got != "" && !strings.HasPrefix(got, "HTTP/1.1 4") {
				t.Errorf("answer is %q, want a refusal or none", got)
			}
			if got := p.cash(t); got.Available != 0 {
				t.Errorf("half a charge made %+v", got)
			}
		})
	}
}
