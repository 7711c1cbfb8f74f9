package letter

import (
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/ledger"
)

// Role is what the reader had to do with the mission. Who created a mission
// also put cash in, and is told as its creator.
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

// Result is how a mission ended for one person.
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
	Total  ledger.Won // the pot, in won
	// Attempt counts how often this letter was claimed to be sent, from 1.
	Attempt int
}

// Reset is the code that somebody who has forgotten their password asked for.
type Reset struct {
	UserID      uuid.UUID
	Email       string
	DisplayName string
	Locale      Locale
	Code        string
	Valid       time.Duration // how long the code is good, in whole minutes
	// Attempt counts how often such a letter was claimed to be sent, from 1.
	Attempt int
}

// Kind is what a letter is about.
type Kind string

// The kinds.
const (
	MissionResult Kind = "mission-result"
	PasswordReset Kind = "password-reset"
)

// Letter is what one person is told, put into words.
type Letter struct {
	To      string // the address
	Kind    Kind
	IDs     map[string]string // what it is about, by name; no address
	Subject string            // one line
	Text    string
	HTML    string
}

// ErrRefused marks a letter that the mail service will not take however often
// it is sent, most likely because of its address.
var ErrRefused = errors.New("the mail service refused the letter")

// Write puts results of one reader into words in the reader's language: one as
// a letter of its own, several as a list.
func Write(first Result, more ...Result) Letter {
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
	l := words(results).letter()
	l.To, l.Kind = first.Email, MissionResult
	l.IDs = map[string]string{"mission_id": strings.Join(ids, ","), "user_id": first.UserID.String()}
	return l
}

// WriteReset puts a code into words in the reader's language. It has no name:
// whoever signed up with the address chose the name, and may be a stranger to
// whoever reads it.
func WriteReset(r Reset) Letter {
	words := koreanReset
	if r.Locale == English {
		words = englishReset
	}
	l := words(r).letter()
	l.To, l.Kind, l.IDs = r.Email, PasswordReset, map[string]string{"user_id": r.UserID.String()}
	return l
}
