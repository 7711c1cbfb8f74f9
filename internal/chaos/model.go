package chaos

import (
	"sync"

	"github.com/google/uuid"
)

// The model is what the clients know: what they asked and what they were answered. It
// never looks into the system.

// BetFacts is what a client learned about one bet. One client at a time writes it.
type BetFacts struct {
	BetPlan
	Asked   bool        // at least one request left
	Acked   bool        // a client saw an answer that says: logged
	IDs     []uuid.UUID // the different ids it was told under one key; more than one is a duplicate
	Refused string      // code of the clear no, if that was the last word
	// Unclear says that some request ended without an answer, so that the bet may be
	// logged whatever a later request was told.
	Unclear bool
	// KeyTaken says that another amount was accepted under a key that was in use.
	KeyTaken bool
	// Forgotten says that a key that was acknowledged was refused later (rule 1).
	Forgotten bool
}

// MissionFacts is what clients learned about one mission.
type MissionFacts struct {
	MissionPlan
	ID      uuid.UUID
	Acked   bool   // its creator was told that it is there
	Refused string // code of the clear no
	// Opened is closed once it is known what state the mission came to after its
	// funding, or that it will come to none.
	Opened chan struct{}
	Status string // as seen when Opened was closed

	Judged  []string // actions that were sent
	Verdict string   // the action that was answered with a yes
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

// NewModel is the model before anybody asked for anything.
func NewModel(p Plan) *Model {
	m := &Model{Plan: p, Bets: make([]BetFacts, len(p.Bets)), Charges: make([]ChargeFacts, len(p.Charges))}
	for i, b := range p.Bets {
		m.Bets[i].BetPlan = b
	}
	for _, mission := range p.Missions {
		m.Missions = append(m.Missions, &MissionFacts{MissionPlan: mission, Opened: make(chan struct{})})
	}
	for i, c := range p.Charges {
		m.Charges[i].ChargePlan = c
	}
	return m
}

// count notes, for the progress bar, a bet that was asked for or acknowledged.
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
