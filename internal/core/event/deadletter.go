package event

import (
	"strconv"
	"strings"
	"time"

	"example.com/missionpot/internal/core/fault"
)

// DeadLetter is a message that a step did not manage to handle in all its
// attempts. It is kept until an operator has fixed the cause and sends it again.
type DeadLetter struct {
	ID           string            `firestore:"id"` // "<step>-<message id>"
	Step         string            `firestore:"step"`
	Subscription string            `firestore:"subscription"` // whose attempts failed; empty if Pub/Sub did not say
	Topic        Topic             `firestore:"topic"`        // where to send it again; empty if unknown
	Type         Type              `firestore:"type"`
	MessageID    string            `firestore:"message_id"`
	Attributes   map[string]string `firestore:"attributes"` // as first published
	Data         []byte            `firestore:"data"`       // as first published, readable or not
	Attempts     int               `firestore:"attempts"`   // deliveries before it was given up; 0 if unknown
	PublishedAt  time.Time         `firestore:"published_at"`
	KeptAt       time.Time         `firestore:"kept_at"`
	Redrives     int               `firestore:"redrives"`    // 1 once it was sent again
	RedrivenAt   time.Time         `firestore:"redriven_at"` // zero if never
	RedrivenBy   string            `firestore:"redriven_by"` // as in the audit log
	// RedriveStartedAt is when the last try to send it began; zero if there was
	// none or it failed.
	RedriveStartedAt time.Time `firestore:"redrive_started_at"`
}

// AttributeRedriveOf names the dead letter that a message is a repetition of. A
// message that becomes a dead letter again is a new letter, and this attribute
// shows that the two belong together.
const AttributeRedriveOf = "redrive_of"

// DeadLetterFilter narrows a list of dead letters. A zero field does not narrow, but
// for Sent.
type DeadLetterFilter struct {
	Sent  bool   // those that were sent again, instead of those that were not
	Step  string // of this step
	After string // ids after this one
	Limit int
}

// Redrivable returns nil if a dead letter can be sent again, and otherwise
// fault.NotRedrivable with the reason: its topic is unknown, or no step could
// read it.
func (d DeadLetter) Redrivable() error {
	if d.Topic == "" {
		return fault.NotRedrivable.Because("The topic of this dead letter is unknown.")
	}
	if _, err := Decode(d.Type, d.Data); err != nil {
		return fault.NotRedrivable.Because("No step can read this dead letter, so sending it again would fail again.").Wrap(err)
	}
	return nil
}

// Attributes Pub/Sub adds to a message it forwards to a dead-letter topic:
// https://cloud.google.com/pubsub/docs/handling-failures#how_dead_letter_topics_work
const (
	deadPrefix       = "CloudPubSubDeadLetterSource"
	deadAttempts     = deadPrefix + "DeliveryCount"
	deadSubscription = deadPrefix + "Subscription"
	deadPublished    = deadPrefix + "TopicPublishTime"
)

// unknownStep is the step of a dead letter of unknown origin.
const unknownStep = "unknown"

// NewDeadLetter reads a message that came through the subscription on a
// dead-letter topic, given by its full name. It never fails: a letter with
// unknown fields is still kept.
func NewDeadLetter(subscription, messageID string, published time.Time, attributes map[string]string, data []byte) DeadLetter {
	source := attributes[deadSubscription]
	d := DeadLetter{
		Step: unknownStep, Subscription: source, Type: Type(attributes[AttributeType]), MessageID: messageID,
		Attributes: map[string]string{}, Data: data, PublishedAt: published,
	}
	for name, value := range attributes {
		if !strings.HasPrefix(name, deadPrefix) {
			d.Attributes[name] = value
		}
	}
	short := subscription[strings.LastIndex(subscription, "/")+1:]
	for _, dead := range DeadLetters() {
		if dead.Name == short {
			d.Step = dead.Step
		}
	}
	for _, s := range Pipeline() {
		if s.Name == source {
			d.Step, d.Topic = s.Step, s.Topic
		}
	}
	if n, err := strconv.Atoi(attributes[deadAttempts]); err == nil {
		d.Attempts = n
	}
	if at, err := time.Parse(time.RFC3339Nano, attributes[deadPublished]); err == nil {
		d.PublishedAt = at
	}
	d.ID = d.Step + "-" + messageID
	return d
}
