package token

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/lestrrat-go/jwx/v3/jwk"
)

// A rotation takes three sets, one after the other, because instances do not change at the same
// moment: every instance must know the new key before it signs, and the old key until its last
// token has expired.

// AddKey adds a new key at the end of a private set: it verifies, but does not sign yet.
func AddKey(private []byte) ([]byte, error) {
	keys, err := list(private)
	if err != nil {
		return nil, err
	}
	generated, err := GenerateSet()
	if err != nil {
		return nil, err
	}
	added, err := list(generated)
	if err != nil {
		return nil, err
	}
	return join(append(keys, added...))
}

// UseNewKey makes the last key of a private set the signing key.
func UseNewKey(private []byte) ([]byte, error) {
	keys, err := list(private)
	if err != nil {
		return nil, err
	}
	if len(keys) < 2 {
		return nil, errors.New("there is no new key: add one first")
	}
	last := len(keys) - 1
	return join(append(keys[last:], keys[:last]...))
}

// DropOldKeys removes all keys but the one that signs.
func DropOldKeys(private []byte) ([]byte, error) {
	keys, err := list(private)
	if err != nil {
		return nil, err
	}
	return join(keys[:1])
}

func list(private []byte) ([]jwk.Key, error) {
	if _, err := ParseSet(private); err != nil {
		return nil, err
	}
	set, err := jwk.Parse(private)
	if err != nil {
		return nil, errors.New("the signing keys are not a JWK set") // the parser's text may quote the key
	}
	keys := make([]jwk.Key, set.Len())
	for i := range keys {
		keys[i], _ = set.Key(i)
	}
	return keys, nil
}

func join(keys []jwk.Key) ([]byte, error) {
	set := jwk.NewSet()
	for _, key := range keys {
		if err := set.AddKey(key); err != nil {
			return nil, fmt.Errorf("collect the keys: %w", err)
		}
	}
	return json.Marshal(set)
}
