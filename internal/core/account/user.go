package account

import (
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/core/mission"
	"example.com/missionpot/internal/core/text"
)

// User is one user. Terms are a streamer's terms for missions. They are stored
// for every user, so that becoming a streamer needs no second step.
type User struct {
	ID          uuid.UUID
	Email       string // normalised; never shown to anyone else
	DisplayName string
	Streamer    bool
	Locale      Locale
	Terms       mission.Terms
	CreatedAt   time.Time // UTC
	Left        bool      // nothing here identifies the user
}

// FormerName is what others see instead of the name of a user who left.
const FormerName = text.Former

// Locale is the language of a person's e-mails.
type Locale string

// The languages of mails.
const (
	Korean  Locale = "ko"
	English Locale = "en"
)

// DefaultTerms are a new user's.
func DefaultTerms() mission.Terms {
	return mission.Terms{
		AutoAccept: true, MinStake: mission.DefaultMinStake, MaxStake: mission.DefaultMaxStake,
		Acceptance: mission.AcceptanceTime,
	}
}

// Change is a user's change of their own settings. Nil leaves a setting as it is.
type Change struct {
	DisplayName *string
	Streamer    *bool
	Locale      *Locale
	AutoAccept  *bool
	MinStake    *ledger.Won
	MaxStake    *ledger.Won
	Acceptance  *time.Duration
}

// With returns the user after a change. The error is fault.Invalid; the two
// stakes are checked together, so lowering both at once is possible.
func (u User) With(c Change) (User, error) {
	set(&u.DisplayName, c.DisplayName)
	set(&u.Streamer, c.Streamer)
	set(&u.Locale, c.Locale)
	set(&u.Terms.AutoAccept, c.AutoAccept)
	set(&u.Terms.MinStake, c.MinStake)
	set(&u.Terms.MaxStake, c.MaxStake)
	set(&u.Terms.Acceptance, c.Acceptance)
	if err := checkDisplayName(u.DisplayName); err != nil {
		return User{}, err
	}
	if err := checkLocale(u.Locale); err != nil {
		return User{}, err
	}
	if err := u.Terms.Check(); err != nil {
		return User{}, err
	}
	return u, nil
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}
