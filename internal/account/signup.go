package account

import (
	"fmt"
	"net/mail"
	"strings"

	"example.com/missionpot/internal/fault"
	"example.com/missionpot/internal/mission"
)

// The limits of the REST contract.
const (
	MaxDisplayName = 40  // characters
	maxEmail       = 254 // octets, RFC 5321 as corrected by erratum 1690
)

// SignUp is what a new person tells about themselves.
type SignUp struct {
	Email       string
	Password    string
	DisplayName string
	Streamer    bool
	Locale      Locale // Korean if empty
}

// Normalised returns the sign-up with its address and password in normal form
// and its locale filled in, or fault.Invalid about the first thing wrong with it.
func (s SignUp) Normalised() (SignUp, error) {
	email, err := NormalEmail("body.email", s.Email)
	if err != nil {
		return SignUp{}, err
	}
	s.Email = email
	if s.Locale == "" {
		s.Locale = Korean
	}
	if err := checkDisplayName(s.DisplayName); err != nil {
		return SignUp{}, err
	}
	if err := CheckPassword("body.password", s.Password, s.Email, s.DisplayName); err != nil {
		return SignUp{}, err
	}
	s.Password = NormalPassword(s.Password)
	return s, checkLocale(s.Locale)
}

// NormalEmail returns an address in the form it is kept and compared in: no
// space around it, lower case. The error is fault.Invalid on the field.
//
// Lower-casing the part before the @ is against RFC 5321's letter; but no
// provider of note tells Kim@ from kim@, and people do type both. Addresses
// beyond ASCII are refused: lower case is ambiguous there.
func NormalEmail(field, address string) (string, error) {
	address = strings.ToLower(strings.TrimSpace(address))
	if len(address) > maxEmail {
		return "", fault.Invalid.On(field, fmt.Sprintf("must be at most %d characters long", maxEmail))
	}
	parsed, err := mail.ParseAddress(address)
	if err != nil || parsed.Address != address || !visible(address) {
		return "", fault.Invalid.On(field, "must be an e-mail address like name@example.com")
	}
	return address, nil
}

// visible reports whether text is printable ASCII without spaces.
func visible(text string) bool {
	for _, r := range text {
		if r <= ' ' || r > '~' {
			return false
		}
	}
	return true
}

func checkDisplayName(name string) error {
	return mission.CheckText("body.display_name", name, 1, MaxDisplayName, false)
}

func checkLocale(l Locale) error {
	if l != Korean && l != English {
		return fault.Invalid.On("body.locale", "must be ko or en")
	}
	return nil
}
