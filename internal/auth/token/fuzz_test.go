package token_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/auth/token"
)

// fuzzKey is a key for these tests only. It is fixed, so that a token found by one run means the
// same in the next.
const fuzzKey = `{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"fuzz",
	"d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`

// A token is valid only with our own signature over its claims. This test checks that without the
// library that the code uses.
func FuzzAccessToken(f *testing.F) {
	keys, err := token.ParseSet([]byte(fuzzKey))
	if err != nil {
		f.Fatal(err)
	}
	i := &token.Issuer{Keys: keys, Name: "missionpot", Audience: "missionpot", Now: func() time.Time { return noon }}
	good, err := i.Sign(token.Bearer{User: uuid.MustParse("01930000-0000-7000-8000-000000000000")})
	if err != nil {
		f.Fatal(err)
	}
	public, err := base64.RawURLEncoding.DecodeString("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
	if err != nil {
		f.Fatal(err)
	}
	head, claims, _ := strings.Cut(good, ".")
	claims, signature, _ := strings.Cut(claims, ".")
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`))
	for _, seed := range []string{good, head + "." + claims + ".", none + "." + claims + ".", good + "=", good + ".x", "", "..", "{}", claims + "." + head + "." + signature} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, signed string) {
		bearer, err := i.Verify(signed)
		if err != nil {
			if bearer.User != uuid.Nil {
				t.Errorf("a refused token names user %s", bearer.User)
			}
			return
		}
		parts := strings.Split(strings.TrimSpace(signed), ".")
		if len(parts) != 3 {
			t.Fatalf("%q was accepted, want three parts", signed)
		}
		signature, err := base64.RawURLEncoding.DecodeString(parts[2])
		if err != nil || !ed25519.Verify(public, []byte(parts[0]+"."+parts[1]), signature) {
			t.Fatalf("%q was accepted without our signature", signed)
		}
		var written struct{ Sub, Iss string }
		text, err := base64.RawURLEncoding.DecodeString(parts[1])
		if err != nil || json.Unmarshal(text, &written) != nil || written.Sub != bearer.User.String() || written.Iss != "missionpot" {
			t.Errorf("%q was accepted as user %s, its claims are %s", signed, bearer.User, text)
		}
	})
}
