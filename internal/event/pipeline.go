package event

import "time"

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

// Subscription is one step listening to one topic. Terraform and the local
// stand make the same subscriptions from the same figures.
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

// Pipeline is the flow as a table. A database that is down must not fill the
// dead letters: 100 attempts with a backoff of 1 to 600 seconds last for more
// than half a day.
func Pipeline() []Subscription {
	return []Subscription{
		fast("holdbets", "HoldBets", Bets, 1000),
		fast("growpot", "GrowPot", Pots, 1000),
		slow("settlemission", "SettleMission", Verdicts, 20),
		slow("closemission", "CloseMission", Settlements, 80),
		slow("mailresults", "MailResults", Settlements, 20),
		// One function, so the same times as for its other topic.
		tick("mailresults", "MailResults", 500*time.Second, 600*time.Second),
		tick("sweepmissions", "SweepMissions", 50*time.Second, 120*time.Second),
		tick("sweepbets", "SweepBets", 50*time.Second, 120*time.Second),
		tick("checkbooks", "CheckBooks", 50*time.Second, 120*time.Second),
	}
}

// DeadLetters lists one dead-letter topic with its subscription for each step.
func DeadLetters() []Dead {
	var dead []Dead
	seen := map[string]bool{}
	for _, s := range Pipeline() {
		if seen[s.Step] {
			continue
		}
		seen[s.Step] = true
		dead = append(dead, Dead{Name: s.Step + "-dead-keep", Step: s.Step, Topic: s.DeadLetter, Function: "KeepDeadLetter"})
	}
	return dead
}

func subscription(step, function string, topic Topic) Subscription {
	return Subscription{
		Name: step + "-" + string(topic), Step: step, Function: function, Topic: topic,
		DeadLetter: Topic(step + "-dead"), Attempts: 100, MinBackoff: time.Second, MaxBackoff: 600 * time.Second,
		Retention: 7 * 24 * time.Hour,
	}
}

func fast(step, function string, topic Topic, concurrency int) Subscription {
	s := subscription(step, function, topic)
	s.Handler, s.AckDeadline, s.Concurrency = 20*time.Second, 60*time.Second, concurrency
	return s
}

func slow(step, function string, topic Topic, concurrency int) Subscription {
	s := subscription(step, function, topic)
	s.Handler, s.AckDeadline, s.Concurrency = 500*time.Second, 600*time.Second, concurrency
	return s
}

// tick subscriptions have a short retention, because the next tick does what
// this one missed. A tick never becomes a dead letter, however long a database
// or its tables are missing: it expires before its attempts are used up.
func tick(step, function string, handler, ackDeadline time.Duration) Subscription {
	s := subscription(step, function, Ticks)
	s.MaxBackoff, s.Retention = 60*time.Second, 10*time.Minute
	s.Handler, s.AckDeadline, s.Concurrency = handler, ackDeadline, 10
	return s
}
