package token

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwt"

	"example.com/missionpot/internal/core/account"
	"example.com/missionpot/internal/core/fault"
)

// AccessTime is how long an access token is valid.
const AccessTime = 15 * time.Minute

// skew is how far the clocks of two instances may be apart.
const skew = 5 * time.Second

// Issuer makes access tokens and verifies them. It is safe for concurrent use.
type Issuer struct {
	Keys     *Keys
	Name     string           // claim iss
	Audience string           // claim aud
	Now      func() time.Time // the clock; time.Now except in tests
}

// rolesClaim names the roles of the token's user (RFC 9068, 2.2.3.1).
const rolesClaim = "roles"

// generationClaim is the user's generation when the token was made.
const generationClaim = "gen"

// Bearer is the user of an access token, as of the moment the token was made.
type Bearer struct {
	User uuid.UUID
	// Generation must equal the user's current one, which is raised when all sign-ins end.
	Generation int64
	Roles      []account.Role
}

// Has reports whether the bearer had a role when the token was made. A role may have been revoked
// since, so whatever needs a role looks it up again.
func (b Bearer) Has(role account.Role) bool { return slices.Contains(b.Roles, role) }

// Sign returns an access token.
func (i *Issuer) Sign(b Bearer) (string, error) {
	now := i.Now()
	builder := jwt.NewBuilder().
		Issuer(i.Name).Audience([]string{i.Audience}).Subject(b.User.String()).JwtID(uuid.NewString()).
		IssuedAt(now).NotBefore(now).Expiration(now.Add(AccessTime)).
		Claim(generationClaim, b.Generation)
	if len(b.Roles) > 0 {
		builder = builder.Claim(rolesClaim, b.Roles)
	}
	claims, err := builder.Build()
	if err != nil {
		return "", fmt.Errorf("write the claims: %w", err)
	}
	signed, err := jwt.Sign(claims, jwt.WithKey(jwa.EdDSA(), i.Keys.signing))
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return string(signed), nil
}

// Verify returns the bearer of an access token. The error is fault.Unauthenticated, with the reason
// as its hidden cause: a caller learns only whether the token is valid.
func (i *Issuer) Verify(signed string) (Bearer, error) {
	bearer, _, err := i.verify(signed)
	return bearer, err
}

// period is the time in which a token is valid, without the skew.
type period struct{ from, until time.Time }

func (i *Issuer) verify(signed string) (Bearer, period, error) {
	claims, err := jwt.Parse([]byte(signed),
		jwt.WithKeySet(i.Keys.public),
		jwt.WithIssuer(i.Name), jwt.WithAudience(i.Audience),
		jwt.WithRequiredClaim(jwt.ExpirationKey), jwt.WithRequiredClaim(jwt.SubjectKey),
		jwt.WithClock(jwt.ClockFunc(i.Now)), jwt.WithAcceptableSkew(skew))
	if err != nil {
		return Bearer{}, period{}, refused(err)
	}
	subject, _ := claims.Subject()
	user, err := uuid.Parse(subject)
	if err != nil {
		return Bearer{}, period{}, refused(err)
	}
	// A token without the claim was made before there were generations.
	var generation float64
	if claims.Has(generationClaim) {
		if err := claims.Get(generationClaim, &generation); err != nil {
			return Bearer{}, period{}, refused(err)
		}
	}
	from, _ := claims.NotBefore()
	until, _ := claims.Expiration()
	return Bearer{User: user, Generation: int64(generation), Roles: rolesOf(claims)}, period{from, until}, nil
}

// rolesOf reads the roles. A token without the claim, or with one that is not a list of names, has
// none.
func rolesOf(claims jwt.Token) []account.Role {
	var named []any
	if err := claims.Get(rolesClaim, &named); err != nil {
		return nil
	}
	var roles []account.Role
	for _, name := range named {
		if text, ok := name.(string); ok {
			roles = append(roles, account.Role(text))
		}
	}
	return roles
}

func refused(cause error) error {
	return fault.Unauthenticated.Because("The access token is not valid; refresh it or sign in.").Wrap(cause)
}

// JWKS returns the public key set as JSON, for anyone who verifies tokens.
func (i *Issuer) JWKS() []byte { return i.Keys.JWKS() }
