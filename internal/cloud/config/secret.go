package config

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
)

// Secret is a setting that must not be printed: a password, a key, a database URL with a password
// in it. However it is formatted, logged or marshalled, it shows only whether it is set. Reveal
// returns the value.
type Secret string

const redacted = "[redacted]"

// Reveal returns the value, for the one place that needs it.
func (s Secret) Reveal() string { return string(s) }

// String hides the value from fmt.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// GoString hides the value from %#v.
func (s Secret) GoString() string { return `config.Secret("` + s.String() + `")` }

// LogValue hides the value from slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText hides the value from encoding/json and its like.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// oneOf returns a secret from a variable, or from a file that is named by a second variable ending
// in _FILE. A line break at the file's end, which editors and echo add, is not part of it.
func oneOf(variable string, value Secret, file string) (Secret, error) {
	switch {
	case value != "" && file != "":
		return "", fmt.Errorf("settings: both %s and %s_FILE are set", variable, variable)
	case value != "":
		return value, nil
	case file == "":
		return "", fmt.Errorf("settings: neither %s nor %s_FILE is set", variable, variable)
	}
	text, err := os.ReadFile(file) // #nosec G304 -- a setting of the platform
	if err != nil {
		return "", fmt.Errorf("settings: %s_FILE: %w", variable, err)
	}
	if value = Secret(strings.TrimRight(string(text), "\r\n")); value == "" {
		return "", errors.New("settings: " + variable + "_FILE: the file is empty")
	}
	return value, nil
}
