package account

import (
	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/core/text"
)

// MaxDisplayName is the limit of the REST contract, in characters.
const MaxDisplayName = 40

// SignUp is what a new user sends.
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

// NormalEmail returns an address in the form it is kept and compared in. The error is
// fault.Invalid on the field.
func NormalEmail(field, address string) (string, error) { return text.Address(field, address) }

func checkDisplayName(name string) error {
	return text.Name("body.display_name", name, MaxDisplayName)
}

func checkLocale(l Locale) error {
	if l != Korean && l != English {
		return fault.Invalid.On("body.locale", "must be ko or en")
	}
	return nil
}
