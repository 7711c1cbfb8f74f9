package edge

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	v1 "github.com/go-json-experiment/json/v1"
)

// timeFormat has a fraction of fixed width, because strict parsers of other languages
// take one width only. Milliseconds are what most of them take.
const timeFormat = "2006-01-02T15:04:05.000Z"

// answering is how answers are written: as encoding/json does it, apart from times.
var answering = json.JoinOptions(v1.DefaultOptionsV1(), json.WithMarshalers(
	json.MarshalToFunc(func(e *jsontext.Encoder, t time.Time) error {
		return e.WriteToken(jsontext.String(t.UTC().Format(timeFormat)))
	})))

// Marshal writes a value as every answer of the API has it.
func Marshal(value any) ([]byte, error) { return json.Marshal(value, answering) }

// write sends a value as every answer of the API has it, with a line break after it.
func write(w io.Writer, value any) error {
	text, err := Marshal(value)
	if err != nil {
		return err
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

// null stands for JSON's null in a body, so that the validator, which takes nil for
// a member that is not there, refuses it by the member's own schema.
type null struct{}

// WholeNumbers reads a type of whole numbers however they are written: for JSON
// Schema 1000, 1000.0 and 1e3 are one integer.
func WholeNumbers[T ~int64]() *json.Unmarshalers { return json.UnmarshalFromFunc(readWhole[T]) }

// unmarshaller reads JSON and says what is wrong in the client's words, never in
// Go's: RFC 8259 with the restrictions of I-JSON (RFC 7493). A member that comes
// twice and text that is not Unicode are errors.
func unmarshaller(numbers []*json.Unmarshalers) func(data []byte, into any) error {
	reading := json.WithUnmarshalers(json.JoinUnmarshalers(append(numbers, WholeNumbers[int64]())...))
	return func(data []byte, into any) error {
		if err := json.Unmarshal(data, into, reading); err != nil {
			return plain(err)
		}
		if seen, ok := into.(*any); ok {
			markNulls(*seen)
		}
		return nil
	}
}

// markNulls marks the members of an object. A body has no deeper levels: the
// validator refuses them.
func markNulls(body any) {
	members, _ := body.(map[string]any)
	for name, value := range members {
		if value == nil {
			members[name] = null{}
		}
	}
}

// plain puts an error of the JSON library into words for people. Nothing of the body
// is quoted: it may be a password.
func plain(err error) error {
	var syntax *jsontext.SyntacticError
	var kind *json.SemanticError
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName) && errors.As(err, &syntax):
		return fmt.Errorf("a member comes twice, at byte %d", syntax.ByteOffset)
	case errors.As(err, &syntax) && (strings.Contains(syntax.Error(), "UTF-8") || strings.Contains(syntax.Error(), "surrogate")):
		return fmt.Errorf("not valid Unicode at byte %d", syntax.ByteOffset)
	case errors.As(err, &syntax):
		return fmt.Errorf("not valid JSON at byte %d", syntax.ByteOffset)
	case errors.As(err, &kind):
		return fmt.Errorf("%s does not fit a %s", strings.TrimPrefix(string(kind.JSONPointer), "/"), jsonName(kind.GoType))
	}
	return errors.New("not valid JSON")
}

func jsonName(t reflect.Type) string {
	if t == nil {
		return "value of its kind"
	}
	switch t.Kind() {
	case reflect.Int, reflect.Int32, reflect.Int64:
		return "whole number"
	case reflect.Bool:
		return "boolean"
	}
	return "string"
}

// exactDigits is how many decimal digits a float64 keeps exactly.
const exactDigits = 15

func readWhole[T ~int64](d *jsontext.Decoder, into *T) error {
	if d.PeekKind() != '0' {
		return errors.ErrUnsupported
	}
	text, err := d.ReadValue()
	if err != nil {
		return err
	}
	number, err := whole(string(text))
	*into = T(number)
	return err
}

func whole(text string) (int64, error) {
	if !strings.ContainsAny(text, ".eE") {
		return strconv.ParseInt(text, 10, 64)
	}
	mantissa, _, _ := strings.Cut(strings.ToLower(text), "e")
	number, err := strconv.ParseFloat(text, 64)
	if err != nil || number != math.Trunc(number) || math.Abs(number) >= 1e15 || len(mantissa) > exactDigits {
		return 0, errors.New("not a whole number")
	}
	return int64(number), nil
}

// isBlank reports whether there is nothing in a body.
func isBlank(body []byte) bool { return len(bytes.TrimSpace(body)) == 0 }
