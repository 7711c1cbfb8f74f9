package event

import (
	"strconv"
	"strings"
	"time"
)

// DeadLetter is a message that a step did not manage to handle in all its
// attempts. It is kept until an operator has mended the cause and sends it once
// more.
type DeadLetter struct {
	ID           string            `firestore:"id"` // "<step>-<message id>"
	Step         string            `firestore:"step"`
	Subscription string            `firestore:"subscription"` // that gave it up; empty if Pub/Sub did not say
	Topic        Topic             `firestore:"topic"`        // where to send it again; empty if unknown
	Type         Type              `firestore:"type"`
	MessageID    string            `firestore:"message_id"`
	Attributes   map[string]string `firestore:"attributes"` // as first published
	Data         []byte            `firestore:"data"`       // as first published, readable or not
	Attempts     int               `firestore:"attempts"`   // deliveries before it was given up; 0 if unknown
	PublishedAt  time.Time         `firestore:"published_at"`
	KeptAt       time.Time         `firestore:"kept_at"`
	Redrives     int               `firestore:"redrives"`
	RedrivenAt   time.Time         `firestore:"redriven_at"` // the last time; zero if never
}

// Attributes Pub/Sub adds to a message it forwards to a dead-letter topic:
// https://cloud.google.com/pubsub/docs/handling-failures#how_dead_letter_topics_work
const (
	deadPrefix       = "CloudPubSubDeadLetterSource"
	deadAttempts     = deadPrefix + "DeliveryCount"
	deadSubscription = deadPrefix + "Subscription"
	deadPublished    = deadPrefix + "TopicPublishTime"
)

// unknownStep stands for the step of a letter that came by no way we know.
const unknownStep = "unknown"

// NewDeadLetter reads a message that came through the subscription on a
// dead-letter topic, given by its full name. It never fails: a letter about
// which little is known is still kept.
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
