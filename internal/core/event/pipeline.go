package event

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"time"

	"example.com/missionpot/terraform"
)

// Topic is the name of a Pub/Sub topic.
type Topic string

// The topics of the pipeline.
const (
	Bets        Topic = "bets"
	Pots        Topic = "pots"
	Verdicts    Topic = "verdicts"
	Settlements Topic = "settlements"
	Ticks       Topic = "ticks"
)

// Topics lists the topics, without the dead-letter ones.
func Topics() []Topic { return []Topic{Bets, Pots, Verdicts, Settlements, Ticks} }

// Attributes of every message.
const (
	AttributeType        = "type"
	AttributeMission     = "mission_id"
	AttributeTraceparent = "traceparent" // W3C Trace Context
)

// Step is a function and what it gets: a row of terraform/pipeline.json.
type Step struct {
	Name          string            `json:"name"`     // folder under functions/
	Function      string            `json:"function"` // name in the function registry
	Why           string            `json:"why"`
	Databases     []string          `json:"databases"` // users, missions
	Firestore     string            `json:"firestore"` // log, board or dead_letters
	Publishes     []Topic           `json:"publishes"`
	Concurrency   int               `json:"concurrency"` // requests at once in one instance
	MaxInstances  int               `json:"max_instances"`
	Pool          int               `json:"pool"` // connections to each database
	CPU           string            `json:"cpu"`
	Memory        string            `json:"memory"`
	Timeout       int               `json:"timeout"` // seconds
	Subscriptions map[Topic]figures `json:"subscriptions"`
}

// figures of a subscription, in seconds.
type figures struct {
	Handler     int `json:"handler"`
	AckDeadline int `json:"ack_deadline"`
	Attempts    int `json:"attempts"`
	MinBackoff  int `json:"min_backoff"`
	MaxBackoff  int `json:"max_backoff"`
	Retention   int `json:"retention"`
}

// Steps is the pipeline: every function, in the order of the table.
func Steps() []Step { return steps() }

var steps = sync.OnceValue(func() []Step {
	decoder := json.NewDecoder(bytes.NewReader(terraform.Pipeline()))
	decoder.DisallowUnknownFields()
	var table []Step
	if err := decoder.Decode(&table); err != nil {
		panic("terraform/pipeline.json: " + err.Error()) // it is part of the program
	}
	return table
})

// Subscription is one step listening to one topic. Terraform and the local
// stand make the same subscriptions from the same table.
type Subscription struct {
	Name        string // "<step>-<topic>"
	Step        string // folder under functions/
	Function    string // name in the function registry
	Topic       Topic
	DeadLetter  Topic         // the step's own dead-letter topic
	Attempts    int           // deliveries before a message is dead, 5–100 by Pub/Sub's limits
	MinBackoff  time.Duration // before the first redelivery
	MaxBackoff  time.Duration // at most 600 s by Pub/Sub's limits
	Retention   time.Duration // after which a message expires, 10 minutes to 31 days by Pub/Sub's limits
	AckDeadline time.Duration // the push request must have ended by then
	Handler     time.Duration // the step gives up before the service does
	Concurrency int           // requests at once in one instance
}

// Dead is the subscription on a step's dead-letter topic.
type Dead struct {
	Name     string // "<step>-dead-keep"
	Step     string
	Topic    Topic // "<step>-dead"
	Function string
}

// Pipeline lists the subscriptions.
func Pipeline() []Subscription {
	var all []Subscription
	for _, s := range Steps() {
		for _, topic := range slices.Sorted(maps.Keys(s.Subscriptions)) {
			f := s.Subscriptions[topic]
			all = append(all, Subscription{
				Name: s.Name + "-" + string(topic), Step: s.Name, Function: s.Function, Topic: topic,
				DeadLetter: deadTopic(s.Name), Attempts: f.Attempts, MinBackoff: seconds(f.MinBackoff), MaxBackoff: seconds(f.MaxBackoff),
				Retention: seconds(f.Retention), AckDeadline: seconds(f.AckDeadline), Handler: seconds(f.Handler), Concurrency: s.Concurrency,
			})
		}
	}
	return all
}

// DeadLetters lists one dead-letter topic with its subscription for each step that
// listens to a topic.
func DeadLetters() []Dead {
	var dead []Dead
	for _, s := range Steps() {
		if len(s.Subscriptions) > 0 {
			dead = append(dead, Dead{Name: s.Name + "-dead-keep", Step: s.Name, Topic: deadTopic(s.Name), Function: "KeepDeadLetter"})
		}
	}
	return dead
}

func deadTopic(step string) Topic { return Topic(step + "-dead") }

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
