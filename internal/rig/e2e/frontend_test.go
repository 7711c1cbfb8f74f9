package e2e_test

import (
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwt"

	"example.com/missionpot/internal/auth/token"
	"example.com/missionpot/internal/rig/stand"
)

const pushAccount = "pubsub-push@missionpot.iam.gserviceaccount.com"

// frontEnd does what Google Cloud does between Pub/Sub and a function: Pub/Sub signs a token for
// the push account, Cloud Run's front end checks it and forwards the push with the signature
// removed.
type frontEnd struct {
	key  *rsa.PrivateKey
	next http.RoundTripper
}

// behindFrontEnd runs a system's functions with the settings that they have on
// Google Cloud. A system on the emulator's own pushes has no front end: the
// emulator signs nothing.
func behindFrontEnd(c *stand.SystemConfig) {
	if c.Topics.PushTo != nil {
		return
	}
	c.FunctionsEnv = append(c.FunctionsEnv, "K_SERVICE=functions", "SANDBOX_PAYMENTS_ALLOWED=true",
		"PUSH_TOKENS=front-end", "PUSH_ACCOUNT="+pushAccount)
	c.Deliver = func(next http.RoundTripper) http.RoundTripper {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err) // the machine has no randomness
		}
		return &frontEnd{key: key, next: next}
	}
}

func (f *frontEnd) RoundTrip(r *http.Request) (*http.Response, error) {
	signed, err := f.sign("https://" + r.URL.Host)
	if err != nil {
		return nil, err
	}
	if _, err := jwt.Parse(signed, jwt.WithKey(jwa.RS256(), f.key.Public())); err != nil {
		return nil, fmt.Errorf("the front end refuses a push: %w", err)
	}
	text := string(signed)
	handedOn := r.Clone(r.Context())
	handedOn.Header.Set("Authorization", "Bearer "+text[:strings.LastIndex(text, ".")+1]+token.SignatureRemoved)
	return f.next.RoundTrip(handedOn)
}

// sign makes the token that Pub/Sub sends with a push.
func (f *frontEnd) sign(audience string) ([]byte, error) {
	made := jwt.New()
	var errs []error
	for name, value := range map[string]any{
		"iss": "https://accounts.google.com", "aud": audience, "sub": "1234", "email": pushAccount, "email_verified": true,
		"iat": time.Now().Truncate(time.Hour), "exp": time.Now().Truncate(time.Hour).Add(2 * time.Hour),
	} {
		errs = append(errs, made.Set(name, value))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return jwt.Sign(made, jwt.WithKey(jwa.RS256(), f.key))
}
