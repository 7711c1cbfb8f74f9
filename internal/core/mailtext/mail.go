package mailtext

import (
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/ledger"
)

// Role is the reader's role in the mission. The creator is a contributor too,
// and gets the mail for the creator.
type Role string

// The roles.
const (
	Contributor Role = "contributor"
	Creator     Role = "creator"
	Streamer    Role = "streamer"
)

// Locale is the reader's language.
type Locale string

// The locales. Any other reads Korean.
const (
	Korean  Locale = "ko"
	English Locale = "en"
)

// Result is how a mission ended for one user.
type Result struct {
	MissionID   uuid.UUID
	UserID      uuid.UUID
	Email       string
	DisplayName string
	Locale      Locale
	Role        Role
	Title       string
	Ending      ledger.Ending
	// Amount is this person's share, in won. Where the pot was paid: what a
	// contributor or the creator gave, what the streamer got. Where it went back:
	// what came back to this person, so nothing for the streamer.
	Amount ledger.Won
	Late   ledger.Won // what this person put in after the verdict of a mission that succeeded, and has back, in won
	Pot    ledger.Won // the pot, in won
	// Attempt counts how often this mail was claimed to be sent, from 1.
	Attempt int
}

// Reset is the code for a user who has forgotten the password.
type Reset struct {
	UserID      uuid.UUID
	Email       string
	DisplayName string
	Locale      Locale
	Code        string
	Valid       time.Duration // how long the code is good, in whole minutes
	// Attempt counts how often such a mail was claimed to be sent, from 1.
	Attempt int
}

// Kind is what a mail is about.
type Kind string

// The kinds.
const (
	MissionResult Kind = "mission-result"
	PasswordReset Kind = "password-reset"
)

// Mail is one e-mail to one user.
type Mail struct {
	To      string // the address
	Kind    Kind
	IDs     map[string]string // what it is about, by name; no address
	Subject string            // one line
	Text    string
	HTML    string
}

// ErrRefused marks a mail that the mail service will never accept, most
// likely because of its address.
var ErrRefused = errors.New("the mail service refused the mail")

// Write writes the results of one reader in the reader's language: one result
// as a mail of its own, several as a list.
func Write(first Result, more ...Result) Mail {
	words := korean
	if first.Locale == English {
		words = english
	}
	results := make([]Result, 0, 1+len(more))
	ids := make([]string, 0, 1+len(more))
	for _, r := range append([]Result{first}, more...) {
		r.Title, r.DisplayName = unlinked(r.Title), unlinked(r.DisplayName)
		results, ids = append(results, r), append(ids, r.MissionID.String())
	}
	l := words(results).mail()
	l.To, l.Kind = first.Email, MissionResult
	l.IDs = map[string]string{"mission_id": strings.Join(ids, ","), "user_id": first.UserID.String()}
	return l
}

// WriteReset writes the mail with a code in the reader's language. It does
// not use the name, because whoever signed up with the address chose it, and
// that may not be the reader.
func WriteReset(r Reset) Mail {
	words := koreanReset
	if r.Locale == English {
		words = englishReset
	}
	l := words(r).mail()
	l.To, l.Kind, l.IDs = r.Email, PasswordReset, map[string]string{"user_id": r.UserID.String()}
	return l
}
