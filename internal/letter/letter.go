package letter

import (
	"errors"
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

// Write puts a result into words in the reader's language.
func Write(r Result) Letter {
	words := korean
	if r.Locale == English {
		words = english
	}
	r.Title, r.DisplayName = line(r.Title), line(r.DisplayName)
	l := words(r).letter()
	l.To, l.Kind = r.Email, MissionResult
	l.IDs = map[string]string{"mission_id": r.MissionID.String(), "user_id": r.UserID.String()}
	return l
}

// WriteReset puts a code into words in the reader's language.
func WriteReset(r Reset) Letter {
	words := koreanReset
	if r.Locale == English {
		words = englishReset
	}
	r.DisplayName = line(r.DisplayName)
	l := words(r).letter()
	l.To, l.Kind, l.IDs = r.Email, PasswordReset, map[string]string{"user_id": r.UserID.String()}
	return l
}
