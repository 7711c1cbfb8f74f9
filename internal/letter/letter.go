package letter

import (
	"errors"

	"example.com/missionpot/internal/ledger"
	"github.com/google/uuid"
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

// Letter is a result put into words.
type Letter struct {
	Subject string // one line
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
	return words(r).letter()
}
