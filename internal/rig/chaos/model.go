package chaos

import (
	"sync"

	"github.com/google/uuid"
)

// The model is what the clients know: what they asked and what they were answered. It never reads
// the system itself.

// BetFacts is what a client learned about one bet. One client at a time writes it.
type BetFacts struct {
	BetPlan
	Asked   bool        // at least one request was sent
	Acked   bool        // a client saw an answer that says: logged
	IDs     []uuid.UUID // the different ids it was answered under one key; more than one is a duplicate
	Refused string      // code of the refusal, if that was the last answer
	// Unclear means that a request ended without an answer, so the bet may be logged whatever a
	// later request was answered.
	Unclear bool
	// KeyTaken means that another amount was accepted under a key that was in use.
	KeyTaken bool
	// Forgotten means that a key that was acknowledged was refused later (rule 1).
	Forgotten bool
}

// MissionFacts is what clients learned about one mission.
type MissionFacts struct {
	MissionPlan
	ID      uuid.UUID
	Acked   bool   // its creator was answered that it exists
	Refused string // code of the refusal
	// Opened is closed once the mission's state after its funding is known, or it is known that it
	// will have none.
	Opened chan struct{}
	Status string // as seen when Opened was closed

	// Judging is closed right before the verdict is sent, or once it is known that none will be.
	Judging chan struct{}
	Judged  []string // actions that were sent to the API
	Verdict string   // the action that was accepted
}

// ChargeFacts is what a client learned about one charge.
type ChargeFacts struct {
	ChargePlan
	Acked   bool
	ID      uuid.UUID
	Refused string
}

// Model is everything that the clients of a run learned.
type Model struct {
	Plan     Plan
	Bets     []BetFacts
	Missions []*MissionFacts
	Charges  []ChargeFacts

	mu    sync.Mutex
	asked int
	acked int
}

// NewModel makes the model before any request was sent.
func NewModel(p Plan) *Model {
	m := &Model{Plan: p, Bets: make([]BetFacts, len(p.Bets)), Charges: make([]ChargeFacts, len(p.Charges))}
	for i, b := range p.Bets {
		m.Bets[i].BetPlan = b
	}
	for _, mission := range p.Missions {
		m.Missions = append(m.Missions, &MissionFacts{MissionPlan: mission, Opened: make(chan struct{}), Judging: make(chan struct{})})
	}
	for i, c := range p.Charges {
		m.Charges[i].ChargePlan = c
	}
	return m
}

// count counts, for the progress bar, a bet that was requested or acknowledged.
func (m *Model) count(asked, acked int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked += asked
	m.acked += acked
}

func (m *Model) counts() (asked, acked int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.asked, m.acked
}
