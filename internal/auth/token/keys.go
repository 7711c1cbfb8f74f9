package token

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
)

// Keys holds the private key that signs and the public keys that verify.
type Keys struct {
	signing jwk.Key
	public  jwk.Set
	doc     []byte // the public set as JSON
}

// GenerateSet returns a new private key set as JSON, as ParseSet reads it.
func GenerateSet() ([]byte, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("generate a signing key: %w", err)
	}
	key, err := jwk.Import(private)
	if err != nil {
		return nil, fmt.Errorf("import a signing key: %w", err)
	}
	if err := jwk.AssignKeyID(key); err != nil { // RFC 7638 thumbprint
		return nil, fmt.Errorf("name a signing key: %w", err)
	}
	set := jwk.NewSet()
	if err := set.AddKey(key); err != nil {
		return nil, fmt.Errorf("collect the keys: %w", err)
	}
	return json.Marshal(set)
}

// ParseSet reads a private JWK set (RFC 7517) of Ed25519 keys. The first key
// signs. A key without an id gets its thumbprint (RFC 7638) as one.
func ParseSet(private []byte) (*Keys, error) {
	set, err := jwk.Parse(private)
	if err != nil {
		return nil, errors.New("the signing keys are not a JWK set") // the parser's text may quote the key
	}
	if set.Len() == 0 {
		return nil, errors.New("the set of signing keys is empty")
	}
	keys := &Keys{public: jwk.NewSet()}
	for i := range set.Len() {
		key, _ := set.Key(i)
		if err := keys.add(key); err != nil {
			return nil, fmt.Errorf("signing key %d: %w", i+1, err)
		}
	}
	if keys.doc, err = json.Marshal(keys.public); err != nil {
		return nil, fmt.Errorf("write the public keys: %w", err)
	}
	return keys, nil
}

// add adds one private key. The algorithm is fixed here, because a token's header is written by its
// sender.
func (k *Keys) add(key jwk.Key) error {
	var raw ed25519.PrivateKey
	if err := jwk.Export(key, &raw); err != nil {
		return errors.New("not an Ed25519 private key")
	}
	if _, named := key.KeyID(); !named {
		if err := jwk.AssignKeyID(key); err != nil {
			return fmt.Errorf("name it: %w", err)
		}
	}
	public, err := key.PublicKey()
	if err != nil {
		return fmt.Errorf("public half: %w", err)
	}
	if err := errors.Join(public.Set(jwk.AlgorithmKey, jwa.EdDSA()), public.Set(jwk.KeyUsageKey, jwk.ForSignature)); err != nil {
		return fmt.Errorf("describe it: %w", err)
	}
	if k.signing == nil {
		k.signing = key
	}
	return k.public.AddKey(public)
}

// JWKS returns the public key set as JSON.
func (k *Keys) JWKS() []byte { return k.doc }

// Derive makes a secret of 32 bytes for another purpose (HKDF, RFC 5869) out of the key that signs.
// It changes when another key signs.
func (k *Keys) Derive(purpose string) ([]byte, error) {
	var raw ed25519.PrivateKey
	if err := jwk.Export(k.signing, &raw); err != nil {
		return nil, errors.New("the signing key is not an Ed25519 private key")
	}
	return hkdf.Key(sha256.New, raw.Seed(), nil, purpose, 32)
}
