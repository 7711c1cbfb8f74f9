package token

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"
	"github.com/lestrrat-go/jwx/v3/jwt"

	"example.com/missionpot/internal/core/fault"
)

// GoogleKeys is where Google publishes the keys that sign the tokens of its
// service accounts: https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions
const GoogleKeys = "https://www.googleapis.com/oauth2/v3/certs"

// SignatureRemoved is what Cloud Run's front end puts in place of a token's signature after it has
// checked it, so that the token can't be used again elsewhere:
// https://cloud.google.com/run/docs/troubleshooting#signature-removed
const SignatureRemoved = "SIGNATURE_REMOVED_BY_GOOGLE"

const (
	googleIssuer = "https://accounts.google.com"
	// keysLife is how long fetched keys are used. Google publishes a key for days before it signs
	// and for days after.
	keysLife = time.Hour
	// keysPause is the least time between two fetches, so that tokens with unknown keys can't cause
	// many fetches.
	keysPause = time.Minute
	keysTime  = 5 * time.Second // for one fetch
	keysBytes = 1 << 20
	// maxGood is how many tokens are remembered at most. There are seldom more than two.
	maxGood = 1000
)

// PushTokens checks the OIDC tokens that Pub/Sub sends with its pushes. It is
// safe for concurrent use.
type PushTokens struct {
	Account string // e-mail of the one service account that pushes
	KeysURL string // GoogleKeys except in tests
	// FrontEnd means that a front end of the platform has checked the signature and may have
	// removed it. If callers can reach the program without that front end, or it lets everybody
	// through, such a token proves nothing: anybody can write one.
	FrontEnd bool
	Client   *http.Client     // fetches the keys, and should follow no redirect
	Now      func() time.Time // the clock; time.Now except in tests

	mu      sync.Mutex
	keys    jwk.Set
	fetched time.Time
	good    map[[sha256.Size]byte]time.Time // hashes of token and audience, and when the token ends
}

// Check accepts a token that Google made for the push account and this audience. The error is
// fault.Unauthenticated for an invalid token and fault.Forbidden for a valid one of another
// account; any other error means that Google's keys could not be fetched.
func (p *PushTokens) Check(ctx context.Context, signed, audience string) error {
	// Pub/Sub sends one token with all pushes of up to an hour.
	hash := sha256.Sum256([]byte(audience + " " + signed))
	if p.remembers(hash) {
		return nil
	}
	ends, err := p.check(ctx, signed, audience)
	if err != nil {
		return err
	}
	p.remember(hash, ends)
	return nil
}

// check returns when a valid token ends.
func (p *PushTokens) check(ctx context.Context, signed, audience string) (ends time.Time, err error) {
	proof, err := p.proof(ctx, signed)
	if err != nil {
		return ends, err
	}
	claims, err := jwt.ParseString(signed, proof, jwt.WithIssuer(googleIssuer), jwt.WithAudience(audience),
		jwt.WithRequiredClaim(jwt.ExpirationKey), jwt.WithClock(jwt.ClockFunc(p.Now)), jwt.WithAcceptableSkew(skew))
	if err != nil {
		return ends, fault.Unauthenticated.Because("The push's token is not valid here.").Wrap(err)
	}
	var email string
	var verified bool
	if claims.Get("email", &email) != nil || claims.Get("email_verified", &verified) != nil || !verified || email != p.Account {
		return ends, fault.Forbidden.Because("The push is not of the push account.")
	}
	ends, _ = claims.Expiration()
	return ends, nil
}

// proof returns what proves a token's claims: one of Google's keys or, if the signature was
// removed, the front end that removed it.
func (p *PushTokens) proof(ctx context.Context, signed string) (jwt.ParseOption, error) {
	message, err := jws.ParseString(signed)
	if err != nil || len(message.Signatures()) != 1 {
		return nil, fault.Unauthenticated.Because("The push has no token of Google's.").Wrap(err)
	}
	if p.FrontEnd && strings.HasSuffix(signed, "."+SignatureRemoved) {
		return jwt.WithVerify(false), nil
	}
	kid, _ := message.Signatures()[0].ProtectedHeaders().KeyID()
	keys, err := p.keysWith(ctx, kid)
	if err != nil {
		return nil, err
	}
	return jwt.WithKeySet(keys), nil
}

func (p *PushTokens) remembers(hash [sha256.Size]byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.Now().Before(p.good[hash])
}

func (p *PushTokens) remember(hash [sha256.Size]byte, ends time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.good == nil || len(p.good) >= maxGood {
		p.good = map[[sha256.Size]byte]time.Time{}
	}
	p.good[hash] = ends
}

// keysWith returns Google's keys. It fetches them again when they are old, or when the key that
// signed is not among them and the last fetch is long enough ago.
func (p *PushTokens) keysWith(ctx context.Context, kid string) (jwk.Set, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	age := p.Now().Sub(p.fetched)
	if p.keys != nil && age < keysLife {
		if _, known := p.keys.LookupKeyID(kid); known || age < keysPause {
			return p.keys, nil
		}
	}
	keys, err := p.fetch(ctx)
	if err != nil {
		return nil, fmt.Errorf("fetch the keys of push tokens: %w", err)
	}
	p.keys, p.fetched = keys, p.Now()
	return keys, nil
}

func (p *PushTokens) fetch(ctx context.Context) (jwk.Set, error) {
	ctx, cancel := context.WithTimeout(ctx, keysTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.KeysURL, nil)
	if err != nil {
		return nil, err
	}
	response, err := p.Client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the answer is %d", response.StatusCode)
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, keysBytes))
	if err != nil {
		return nil, err
	}
	return jwk.Parse(text)
}
