package token_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jwt"

	"example.com/missionpot/internal/auth/token"
	"example.com/missionpot/internal/core/fault"
)

const (
	pusher   = "pubsub-push@pot.iam.gserviceaccount.com"
	function = "https://holdbets-abc.a.run.app"
)

// google is a server that publishes keys as Google does.
type google struct {
	t       *testing.T
	server  *httptest.Server
	keys    atomic.Pointer[[]byte]
	down    atomic.Bool
	fetches atomic.Int64
}

func newGoogle(t *testing.T, keys ...jwk.Key) *google {
	g := &google{t: t}
	g.publish(keys...)
	g.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		g.fetches.Add(1)
		if g.down.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write(*g.keys.Load())
	}))
	t.Cleanup(g.server.Close)
	return g
}

func (g *google) publish(keys ...jwk.Key) {
	set := jwk.NewSet()
	for _, k := range keys {
		public, err := k.PublicKey()
		if err != nil {
			g.t.Fatal(err)
		}
		if err := set.AddKey(public); err != nil {
			g.t.Fatal(err)
		}
	}
	text, err := json.Marshal(set)
	if err != nil {
		g.t.Fatal(err)
	}
	g.keys.Store(&text)
}

func (g *google) tokens(now func() time.Time) *token.PushTokens {
	return &token.PushTokens{Account: pusher, KeysURL: g.server.URL, Client: g.server.Client(), Now: now}
}

func rsaKey(t *testing.T, id string) jwk.Key {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	key, err := jwk.Import(private)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(key.Set(jwk.KeyIDKey, id), key.Set(jwk.AlgorithmKey, jwa.RS256())); err != nil {
		t.Fatal(err)
	}
	return key
}

// signed makes a push token like Pub/Sub's, with some claims changed; nil removes a claim.
func signed(t *testing.T, key jwk.Key, changes map[string]any) string {
	t.Helper()
	claims := map[string]any{
		"iss": "https://accounts.google.com", "aud": function, "sub": "1234", "email": pusher, "email_verified": true,
		"iat": noon, "exp": noon.Add(time.Hour),
	}
	for name, value := range changes {
		claims[name] = value
	}
	made := jwt.New()
	for name, value := range claims {
		if value == nil {
			continue
		}
		if err := made.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	text, err := jwt.Sign(made, jwt.WithKey(jwa.RS256(), key))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestOnlyATokenOfThePushAccountIsAccepted(t *testing.T) {
	t.Parallel()
	key, foreign := rsaKey(t, "google-1"), rsaKey(t, "google-1")
	g := newGoogle(t, key)
	good := signed(t, key, nil)
	head, rest, _ := strings.Cut(good, ".")
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"the push account's":             {good, nil},
		"another account's":              {signed(t, key, map[string]any{"email": "other@pot.iam.gserviceaccount.com"}), fault.Forbidden},
		"an address nobody verified":     {signed(t, key, map[string]any{"email_verified": false}), fault.Forbidden},
		"no address":                     {signed(t, key, map[string]any{"email": nil}), fault.Forbidden},
		"for another function":           {signed(t, key, map[string]any{"aud": "https://growpot-abc.a.run.app"}), fault.Unauthenticated},
		"of another issuer":              {signed(t, key, map[string]any{"iss": "https://evil.example"}), fault.Unauthenticated},
		"past its time":                  {signed(t, key, map[string]any{"exp": noon.Add(-time.Hour)}), fault.Unauthenticated},
		"without an end":                 {signed(t, key, map[string]any{"exp": nil}), fault.Unauthenticated},
		"signed by another key":          {signed(t, foreign, nil), fault.Unauthenticated},
		"signed by a key nobody has":     {signed(t, rsaKey(t, "google-9"), nil), fault.Unauthenticated},
		"without its signature":          {good[:strings.LastIndex(good, ".")+1], fault.Unauthenticated},
		"with the algorithm none":        {"eyJhbGciOiJub25lIn0." + rest, fault.Unauthenticated},
		"of one part":                    {head, fault.Unauthenticated},
		"of nothing":                     {"", fault.Unauthenticated},
		"whose claims are the word null": {head + ".bnVsbA." + "AAAA", fault.Unauthenticated},
	} {
		err := g.tokens(func() time.Time { return noon }).Check(t.Context(), c.text, function)
		if c.want == nil && err != nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("a token %s: %v, want %v", name, err, c.want)
		}
	}
}

// stripped makes a token as Cloud Run's front end forwards it.
func stripped(signed string) string {
	return signed[:strings.LastIndex(signed, ".")+1] + token.SignatureRemoved
}

func TestATokenWithoutItsSignatureIsAcceptedOnlyFromTheFrontEndThatRemovedIt(t *testing.T) {
	t.Parallel()
	key := rsaKey(t, "google-1")
	g := newGoogle(t, key)
	good := signed(t, key, nil)
	head, rest, _ := strings.Cut(stripped(good), ".")
	for name, c := range map[string]struct {
		text             string
		behind, anywhere error // behind the front end, and elsewhere
	}{
		"whole":                                {good, nil, nil},
		"stripped":                             {stripped(good), nil, fault.Unauthenticated},
		"stripped, of another account":         {stripped(signed(t, key, map[string]any{"email": "other@pot.iam.gserviceaccount.com"})), fault.Forbidden, fault.Unauthenticated},
		"stripped, of an unverified address":   {stripped(signed(t, key, map[string]any{"email_verified": false})), fault.Forbidden, fault.Unauthenticated},
		"stripped, of another issuer":          {stripped(signed(t, key, map[string]any{"iss": "https://evil.example"})), fault.Unauthenticated, fault.Unauthenticated},
		"stripped, for another function":       {stripped(signed(t, key, map[string]any{"aud": "https://growpot-abc.a.run.app"})), fault.Unauthenticated, fault.Unauthenticated},
		"stripped, past its time":              {stripped(signed(t, key, map[string]any{"exp": noon.Add(-time.Hour)})), fault.Unauthenticated, fault.Unauthenticated},
		"stripped, without an end":             {stripped(signed(t, key, map[string]any{"exp": nil})), fault.Unauthenticated, fault.Unauthenticated},
		"signed by another key":                {signed(t, rsaKey(t, "google-1"), nil), fault.Unauthenticated, fault.Unauthenticated},
		"without any signature":                {good[:strings.LastIndex(good, ".")+1], fault.Unauthenticated, fault.Unauthenticated},
		"with the marker in the claims' place": {head + "." + token.SignatureRemoved + "." + token.SignatureRemoved, fault.Unauthenticated, fault.Unauthenticated},
		"with the marker behind another":       {good + token.SignatureRemoved, fault.Unauthenticated, fault.Unauthenticated},
		"of two parts":                         {rest, fault.Unauthenticated, fault.Unauthenticated},
		"stripped, whose claims are null":      {head + ".bnVsbA." + token.SignatureRemoved, fault.Unauthenticated, fault.Unauthenticated},
		"of JSON, with the marker at its end":  {`{"payload":"e30","signature":"x.` + token.SignatureRemoved, fault.Unauthenticated, fault.Unauthenticated},
	} {
		for behind, want := range map[bool]error{true: c.behind, false: c.anywhere} {
			tokens := g.tokens(func() time.Time { return noon })
			tokens.FrontEnd = behind
			if err := tokens.Check(t.Context(), c.text, function); want == nil && err != nil || want != nil && !errors.Is(err, want) {
				t.Errorf("a token %s, behind the front end = %t: %v, want %v", name, behind, err, want)
			}
		}
	}
}

func TestGooglesKeysAreFetchedOnceAnHourAndForANewKey(t *testing.T) {
	t.Parallel()
	first, second := rsaKey(t, "google-1"), rsaKey(t, "google-2")
	g := newGoogle(t, first)
	now := noon
	tokens := g.tokens(func() time.Time { return now })
	check := func(key jwk.Key, want error, fetches int64) {
		t.Helper()
		err := tokens.Check(t.Context(), signed(t, key, map[string]any{"exp": noon.Add(24 * time.Hour), "jti": uuid.NewString()}), function) // each a new token
		if want == nil && err != nil || want != nil && !errors.Is(err, want) {
			t.Errorf("the error is %v, want %v", err, want)
		}
		if got := g.fetches.Load(); got != fetches {
			t.Errorf("the keys were fetched %d times, want %d", got, fetches)
		}
	}
	check(first, nil, 1)
	check(first, nil, 1)
	check(second, fault.Unauthenticated, 1) // not published, and just fetched
	g.publish(first, second)
	now = now.Add(2 * time.Minute)
	check(second, nil, 2)
	check(first, nil, 2)
	now = now.Add(2 * time.Hour)
	check(first, nil, 3)
}

func TestARememberedTokenExpiresOnTime(t *testing.T) {
	t.Parallel()
	key := rsaKey(t, "google-1")
	g := newGoogle(t, key)
	now := noon
	tokens := g.tokens(func() time.Time { return now })
	good := signed(t, key, map[string]any{"exp": noon.Add(10 * time.Minute)})
	for _, c := range []struct {
		after    time.Duration
		audience string
		want     error
	}{
		{0, function, nil}, {9 * time.Minute, function, nil}, {9 * time.Minute, "https://growpot-abc.a.run.app", fault.Unauthenticated},
		{12 * time.Minute, function, fault.Unauthenticated},
	} {
		now = noon.Add(c.after)
		if err := tokens.Check(t.Context(), good, c.audience); c.want == nil && err != nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("after %s, for %s: %v, want %v", c.after, c.audience, err, c.want)
		}
	}
}

// A push must be redelivered when Google's keys can't be fetched, so the error must not be one that
// refuses it.
func TestAPushIsNotRefusedWhileGooglesKeysAreUnavailable(t *testing.T) {
	t.Parallel()
	key := rsaKey(t, "google-1")
	g := newGoogle(t, key)
	g.down.Store(true)
	tokens := g.tokens(func() time.Time { return noon })
	err := tokens.Check(t.Context(), signed(t, key, nil), function)
	if err == nil || errors.Is(err, fault.Unauthenticated) || errors.Is(err, fault.Forbidden) {
		t.Errorf("the error is %v, want a temporary one", err)
	}
	g.down.Store(false)
	if err := tokens.Check(t.Context(), signed(t, key, nil), function); err != nil {
		t.Errorf("once the keys are back: %v", err)
	}
}

// A push's token comes from outside and is checked before anything else of the push.
func FuzzPushToken(f *testing.F) {
	key := []byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"fuzz","alg":"EdDSA","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(key) }))
	f.Cleanup(server.Close)
	tokens := &token.PushTokens{Account: pusher, KeysURL: server.URL, Client: server.Client(), Now: func() time.Time { return noon }}
	behind := &token.PushTokens{Account: pusher, KeysURL: server.URL, FrontEnd: true, Client: server.Client(), Now: tokens.Now}
	for _, seed := range []string{"", "..", "e30.e30.", "bnVsbA.bnVsbA.bnVsbA", "eyJhbGciOiJub25lIn0.e30.", "eyJhbGciOiJFUzI1NiJ9.e30.AA", `{"payload":"e30","signatures":[{"protected":"e30","signature":"AA"}]}`,
		"eyJhbGciOiJSUzI1NiJ9.e30." + token.SignatureRemoved, "bnVsbA.bnVsbA." + token.SignatureRemoved} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if err := tokens.Check(t.Context(), text, function); !errors.Is(err, fault.Unauthenticated) {
			t.Errorf("%q: %v, want an unsigned token to be refused", text, err)
		}
		if err := behind.Check(t.Context(), text, function); err == nil && !strings.HasSuffix(text, "."+token.SignatureRemoved) {
			t.Errorf("%q was accepted behind the front end with another signature", text)
		}
	})
}
