package token

import (
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwt"

	"example.com/missionpot/internal/fault"
)

// AccessTime is how long an access token is good for.
const AccessTime = 15 * time.Minute

// skew is how far the clocks of two instances may be apart.
const skew = 5 * time.Second

// Issuer makes access tokens and verifies them. It is safe for concurrent use.
type Issuer struct {
	Keys     *Keys
	Name     string           // claim iss
	Audience string           // claim aud
	Now      func() time.Time // the clock; time.Now but in tests
}

// Sign returns an access token for a user.
func (i *Issuer) Sign(user uuid.UUID) (string, error) {
	now := i.Now()
	claims, err := jwt.NewBuilder().
		Issuer(i.Name).Audience([]string{i.Audience}).Subject(user.String()).JwtID(uuid.NewString()).
		IssuedAt(now).NotBefore(now).Expiration(now.Add(AccessTime)).Build()
	if err != nil {
		return "", fmt.Errorf("write the claims: %w", err)
	}
	signed, err := jwt.Sign(claims, jwt.WithKey(jwa.EdDSA(), i.Keys.signing))
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return string(signed), nil
}

// Verify returns the user an access token was made for. The error is
// fault.Unauthenticated, with the reason as its hidden cause: a caller learns
// only whether the token is good.
func (i *Issuer) Verify(signed string) (uuid.UUID, error) {
	claims, err := jwt.Parse([]byte(signed),
		jwt.WithKeySet(i.Keys.public),
		jwt.WithIssuer(i.Name), jwt.WithAudience(i.Audience),
		jwt.WithRequiredClaim(jwt.ExpirationKey), jwt.WithRequiredClaim(jwt.SubjectKey),
		jwt.WithClock(jwt.ClockFunc(i.Now)), jwt.WithAcceptableSkew(skew))
	if err != nil {
		return uuid.Nil, refused(err)
	}
	subject, _ := claims.Subject()
	user, err := uuid.Parse(subject)
	if err != nil {
		return uuid.Nil, refused(err)
	}
	return user, nil
}

func refused(cause error) error {
	return fault.Unauthenticated.Because("The access token is not valid; refresh it or sign in.").Wrap(cause)
}

// JWKS is the public key set as JSON, for anyone who verifies tokens.
func (i *Issuer) JWKS() []byte { return i.Keys.JWKS() }
