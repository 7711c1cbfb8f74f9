package token_test

import (
	"bytes"
	"testing"

	"example.com/missionpot/internal/auth/token"
)

func TestASecretBelongsToItsKeyAndPurpose(t *testing.T) {
	t.Parallel()
	derive := func(set []byte, purpose string) []byte {
		keys, err := token.ParseSet(set)
		if err != nil {
			t.Fatal(err)
		}
		secret, err := keys.Derive(purpose)
		if err != nil || len(secret) != 32 {
			t.Fatalf("the secret has %d bytes, error %v", len(secret), err)
		}
		return secret
	}
	other, err := token.GenerateSet()
	if err != nil {
		t.Fatal(err)
	}
	secret := derive([]byte(fuzzKey), "logins")
	if !bytes.Equal(secret, derive([]byte(fuzzKey), "logins")) {
		t.Error("one key and one purpose made two secrets")
	}
	if bytes.Equal(secret, derive([]byte(fuzzKey), "mails")) || bytes.Equal(secret, derive(other, "logins")) {
		t.Error("another purpose or another key made the same secret")
	}
}
