package edge

import (
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"strings"

	"example.com/missionpot/internal/core/fault"
)

// Keyed is the header that distinguishes a retry from a second call.
type Keyed struct {
	Key string `header:"Idempotency-Key" required:"true" minLength:"1" maxLength:"255" pattern:"^[!-~]+$" doc:"A name of your own for this call, such as a UUID. Send the same one when you repeat the call because its answer got lost; it is done once, and you get the first answer. Another call needs another key. The key may be in double quotes, as in the IETF draft; it is the same key without them." example:"6f1d4a3e-2f0b-4c55-9d0e-0a4f2f7f5b11"`
}

const keyHeader = "Idempotency-Key"

// readKey returns the call's key. The quoted form is that of a string in a structured
// field (RFC 9651, 3.3.3), as the IETF's draft of the header has it.
func readKey(h http.Header) (string, error) {
	if err := onlyOnce(h, keyHeader); err != nil {
		return "", err
	}
	key := h.Get(keyHeader)
	if strings.HasPrefix(key, `"`) {
		var ok bool
		if key, ok = unquote(key); !ok {
			return "", fault.Invalid.On("header."+keyHeader, "has a quotation mark at one end only, or one inside without a backslash")
		}
	}
	if key == "" {
		return "", fault.IdempotencyMissing.On("header."+keyHeader, "")
	}
	return key, nil
}

func unquote(text string) (string, bool) {
	inner, ok := strings.CutSuffix(text[1:], `"`)
	if !ok {
		return "", false
	}
	var out strings.Builder
	for i := 0; i < len(inner); i++ {
		if inner[i] == '"' {
			return "", false
		}
		if inner[i] == '\\' {
			if i++; i == len(inner) || inner[i] != '"' && inner[i] != '\\' {
				return "", false
			}
		}
		out.WriteByte(inner[i])
	}
	return out.String(), true
}

// onlyOnce refuses a header that comes twice: whoever reads the first and whoever reads
// the last would see different calls.
func onlyOnce(h http.Header, name string) error {
	if len(h.Values(name)) > 1 {
		return fault.Malformed.On("header."+name, "must come only once")
	}
	return nil
}

// RequestHash distinguishes requests with one key by what they ask for, so that
// a retry may differ in white space or in the order of fields.
func RequestHash(parts ...any) []byte {
	text, err := json.Marshal(parts)
	if err != nil {
		panic(err) // strings, numbers and ids always marshal
	}
	sum := sha256.Sum256(text)
	return sum[:]
}
