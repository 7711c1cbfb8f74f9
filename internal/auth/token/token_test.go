package token_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jwt"

	"example.com/missionpot/internal/auth/token"
	"example.com/missionpot/internal/core/account"
	"example.com/missionpot/internal/core/fault"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newSet(t *testing.T) jwk.Set {
	t.Helper()
	text, err := token.GenerateSet()
	if err != nil {
		t.Fatalf("generate keys: %v", err)
	}
	set, err := jwk.Parse(text)
	if err != nil {
		t.Fatalf("read the generated keys: %v", err)
	}
	return set
}

func firstKey(t *testing.T, set jwk.Set) jwk.Key {
	t.Helper()
	key, ok := set.Key(0)
	if !ok {
		t.Fatal("the set is empty")
	}
	return key
}

// issuer makes an Issuer with a fixed clock.
func issuer(t *testing.T, at time.Time, keys ...jwk.Key) *token.Issuer {
	t.Helper()
	set := jwk.NewSet()
	for _, key := range keys {
		if err := set.AddKey(key); err != nil {
			t.Fatal(err)
		}
	}
	text, err := json.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := token.ParseSet(text)
	if err != nil {
		t.Fatalf("read the keys: %v", err)
	}
	return &token.Issuer{Keys: parsed, Name: "missionpot", Audience: "missionpot", Now: func() time.Time { return at }}
}

func TestASignedTokenNamesItsUserForFifteenMinutes(t *testing.T) {
	t.Parallel()
	key, user := firstKey(t, newSet(t)), uuid.New()
	signed, err := issuer(t, noon, key).Sign(token.Bearer{User: user})
	if err != nil {
		t.Fatalf("sign: %v", err)
	}
	for after, good := range map[time.Duration]bool{0: true, 14*time.Minute + 59*time.Second: true, 15*time.Minute + 6*time.Second: false} {
		got, err := issuer(t, noon.Add(after), key).Verify(signed)
		if good && (err != nil || got.User != user || len(got.Roles) != 0) {
			t.Errorf("after %v: user %v, error %v; want %v", after, got, err, user)
		}
		if !good && !errors.Is(err, fault.Unauthenticated) {
			t.Errorf("after %v: %v, want fault.Unauthenticated", after, err)
		}
	}
}

func TestATokenCarriesItsUsersRoles(t *testing.T) {
	t.Parallel()
	key, user := firstKey(t, newSet(t)), uuid.New()
	signed, err := issuer(t, noon, key).Sign(token.Bearer{User: user, Roles: []account.Role{account.Operator}})
	if err != nil {
		t.Fatalf("sign: %v", err)
	}
	got, err := issuer(t, noon, key).Verify(signed)
	if err != nil || got.User != user || !got.Has(account.Operator) {
		t.Errorf("the bearer is %+v, %v, want %v as an operator", got, err, user)
	}
}

func TestAClaimThatIsNoListOfRolesIsNone(t *testing.T) {
	t.Parallel()
	key := firstKey(t, newSet(t))
	for name, claim := range map[string]any{"text": "operator", "a number": 1, "a list of numbers": []int{1}, "an object": map[string]string{"operator": ""}} {
		built, err := claims().Claim("roles", claim).Build()
		if err != nil {
			t.Fatal(err)
		}
		signed, err := jwt.Sign(built, jwt.WithKey(jwa.EdDSA(), key))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := issuer(t, noon, key).Verify(string(signed)); err != nil || len(got.Roles) != 0 {
			t.Errorf("%s: the bearer is %+v, %v, want one without roles", name, got, err)
		}
	}
}

func TestATokenIsNotGoodBeforeItWasMade(t *testing.T) {
	t.Parallel()
	key := firstKey(t, newSet(t))
	signed, _ := issuer(t, noon, key).Sign(token.Bearer{User: uuid.New()})
	if _, err := issuer(t, noon.Add(-time.Minute), key).Verify(signed); !errors.Is(err, fault.Unauthenticated) {
		t.Errorf("a minute before it was made: %v, want fault.Unauthenticated", err)
	}
}

// claims are those of a valid token; each test changes one.
func claims() *jwt.Builder {
	return jwt.NewBuilder().Issuer("missionpot").Audience([]string{"missionpot"}).Subject(uuid.NewString()).
		IssuedAt(noon).Expiration(noon.Add(time.Minute))
}

// named returns the key with another id, or with none.
func named(t *testing.T, key jwk.Key, kid string) jwk.Key {
	t.Helper()
	clone, err := key.Clone()
	if err != nil {
		t.Fatal(err)
	}
	if kid == "" {
		err = clone.Remove(jwk.KeyIDKey)
	} else {
		err = clone.Set(jwk.KeyIDKey, kid)
	}
	if err != nil {
		t.Fatal(err)
	}
	return clone
}

func TestRefusesForgedTokens(t *testing.T) {
	t.Parallel()
	key, other := firstKey(t, newSet(t)), firstKey(t, newSet(t))
	kid, _ := key.KeyID()
	impostor, nameless := named(t, other, kid), named(t, key, "")
	sign := func(b *jwt.Builder, with jwk.Key) string {
		built, err := b.Build()
		if err != nil {
			t.Fatal(err)
		}
		signed, err := jwt.Sign(built, jwt.WithKey(jwa.EdDSA(), with))
		if err != nil {
			t.Fatal(err)
		}
		return string(signed)
	}
	good := sign(claims(), key)
	verifier := issuer(t, noon, key)
	if _, err := verifier.Verify(good); err != nil {
		t.Fatalf("the good token is refused, so the others prove nothing: %v", err)
	}
	noExpiry, _ := jwt.NewBuilder().Issuer("missionpot").Audience([]string{"missionpot"}).Subject(uuid.NewString()).Build()
	forever, err := jwt.Sign(noExpiry, jwt.WithKey(jwa.EdDSA(), key))
	if err != nil {
		t.Fatal(err)
	}
	for name, forged := range map[string]string{
		"an unknown key":                 sign(claims(), other),
		"an unknown key by a known name": sign(claims(), impostor),
		"a key without a name":           sign(claims(), nameless),
		"another issuer":                 sign(claims().Issuer("somebody"), key),
		"another audience":               sign(claims().Audience([]string{"somebody"}), key),
		"expired":                        sign(claims().Expiration(noon.Add(-time.Minute)), key),
		"no expiry":                      string(forever),
		"a subject that is no user":      sign(claims().Subject("admin"), key),
		"no subject":                     sign(claims().Subject(""), key),
		"alg none":                       unsigned(t, good, `{"alg":"none","kid":"`+kid+`"}`, ""),
		"alg none with the signature":    unsigned(t, good, `{"alg":"none","kid":"`+kid+`"}`, strings.Split(good, ".")[2]),
		"public key as an HMAC secret":   hmacForged(t, key, kid),
		"another payload":                swapped(good, sign(claims(), key)),
		"cut off":                        good[:len(good)-4],
		"no token":                       "", "words": "let me in", "dots": "..",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if user, err := verifier.Verify(forged); !errors.Is(err, fault.Unauthenticated) {
				t.Errorf("got user %v and error %v, want fault.Unauthenticated", user, err)
			}
		})
	}
}

func unsigned(t *testing.T, signed, header, signature string) string {
	t.Helper()
	return base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + strings.Split(signed, ".")[1] + "." + signature
}

// hmacForged signs with the public key as an HMAC secret, the classic confusion of algorithms.
func hmacForged(t *testing.T, key jwk.Key, kid string) string {
	t.Helper()
	var raw ed25519.PrivateKey
	if err := jwk.Export(key, &raw); err != nil {
		t.Fatal(err)
	}
	secret, err := jwk.Import([]byte(raw.Public().(ed25519.PublicKey)))
	if err != nil {
		t.Fatal(err)
	}
	if err := secret.Set(jwk.KeyIDKey, kid); err != nil {
		t.Fatal(err)
	}
	built, _ := claims().Build()
	signed, err := jwt.Sign(built, jwt.WithKey(jwa.HS256(), secret))
	if err != nil {
		t.Fatal(err)
	}
	return string(signed)
}

// swapped returns a token with the payload of one and the signature of the other.
func swapped(a, b string) string {
	first, second := strings.Split(a, "."), strings.Split(b, ".")
	return first[0] + "." + first[1] + "." + second[2]
}

func TestKeysRotateWithoutDowntime(t *testing.T) {
	t.Parallel()
	before, after := firstKey(t, newSet(t)), firstKey(t, newSet(t))
	old, _ := issuer(t, noon, before).Sign(token.Bearer{User: uuid.New()})
	published := issuer(t, noon, before, after) // the new key is known, the old one signs
	moved := issuer(t, noon, after, before)     // the new key signs, the old one is known
	young, _ := moved.Sign(token.Bearer{User: uuid.New()})
	for name, c := range map[string]struct {
		verifier *token.Issuer
		signed   string
	}{
		"an old token while the new key is published":        {published, old},
		"a new token on an instance that still signs by old": {published, young},
		"an old token after the move":                        {moved, old},
	} {
		if _, err := c.verifier.Verify(c.signed); err != nil {
			t.Errorf("%s is refused: %v", name, err)
		}
	}
	if _, err := issuer(t, noon, after).Verify(old); !errors.Is(err, fault.Unauthenticated) {
		t.Errorf("a token of a key that was removed gave %v, want fault.Unauthenticated", err)
	}
}

func TestThePublishedKeysAreOnlyPublic(t *testing.T) {
	t.Parallel()
	i := issuer(t, noon, firstKey(t, newSet(t)), firstKey(t, newSet(t)))
	var doc struct{ Keys []map[string]any }
	if err := json.Unmarshal(i.JWKS(), &doc); err != nil {
		t.Fatalf("the key set is not JSON: %v", err)
	}
	if len(doc.Keys) != 2 {
		t.Errorf("%d keys are published, want both", len(doc.Keys))
	}
	for _, key := range doc.Keys {
		if _, secret := key["d"]; secret {
			t.Error("a private key is published")
		}
		if key["kid"] == "" || key["alg"] != "EdDSA" || key["use"] != "sig" || key["crv"] != "Ed25519" {
			t.Errorf("a published key says %v", key)
		}
	}
}

func TestRefusesKeySetsThatCanNotSign(t *testing.T) {
	t.Parallel()
	public, err := jwk.PublicSetOf(newSet(t))
	if err != nil {
		t.Fatal(err)
	}
	text, _ := json.Marshal(public)
	for name, set := range map[string]string{
		"no JSON": "secret", "no keys": `{"keys":[]}`, "only public": string(text),
		"a symmetric key": `{"keys":[{"kty":"oct","k":"c2VjcmV0LXNlY3JldC1zZWNyZXQ"}]}`,
	} {
		_, err := token.ParseSet([]byte(set))
		if err == nil {
			t.Errorf("%s: accepted, want an error", name)
			continue
		}
		if strings.Contains(err.Error(), "c2Vj") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error quotes the key: %v", name, err)
		}
	}
}

func TestRefreshTokensAreLongAndNeverTheSame(t *testing.T) {
	t.Parallel()
	a, b := token.NewRefresh(), token.NewRefresh()
	if a == b || len(a) < 43 {
		t.Errorf("refresh tokens %q and %q: want two of 256 bits each", a, b)
	}
	if len(a.Hash()) != 32 || string(a.Hash()) == string(b.Hash()) {
		t.Error("the hashes must be 32 bytes and differ")
	}
}
