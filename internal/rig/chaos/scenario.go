package chaos

import (
	"math/rand/v2"
	"time"
)

// Scenario is how large a run is and how long its parts last.
type Scenario struct {
	Name     string
	Users    int
	Missions int
	Bets     int
	Waves    int // number of bursts that the bets come in
	// Drive is the time the bursts and the faults are spread over.
	Drive time.Duration
	// Recovery is how long the system may take to finish everything once nothing is broken any
	// more.
	Recovery time.Duration
	// FaultEvery is the mean time between two faults. Each kind comes once before any
	// comes again.
	FaultEvery time.Duration
	Clients    int           // calls in flight at once
	Tick       time.Duration // period of the ticks
	// AllMails has the run wait until every mail is sent. A mail whose sender was killed
	// is leased for two minutes, which a short run does not wait for.
	AllMails bool
}

// Long is the run that is recorded in docs/records/2026-11-chaos.md.
func Long() Scenario {
	return Scenario{
		Name: "long", Users: 5000, Missions: 300, Bets: 60_000, Waves: 60, Drive: 21 * time.Minute, Recovery: 10 * time.Minute,
		FaultEvery: 9 * time.Second, Clients: 256, Tick: 5 * time.Second, AllMails: true,
	}
}

// Quick has every kind of fault at least once and fits three minutes on two busy cores.
func Quick() Scenario {
	return Scenario{
		Name: "quick", Users: 400, Missions: 40, Bets: 4000, Waves: 8, Drive: 50 * time.Second, Recovery: 4 * time.Minute,
		FaultEvery: 2300 * time.Millisecond, Clients: 128, Tick: 2 * time.Second,
	}
}

// Short is for a system with a guard turned off: long enough to notice it, with short waits for
// what will never finish.
func Short() Scenario {
	s := Quick()
	s.Name, s.Users, s.Missions, s.Bets, s.Waves = "short", 200, 24, 2400, 6
	s.Drive, s.Recovery = 35*time.Second, 90*time.Second
	s.FaultEvery = 2 * time.Second
	return s
}

// generator makes the random numbers of one part of a run. Parts have streams of their
// own, so that a change to one does not change the others.
func generator(seed uint64, part uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, part)) }

// The parts of a run that draw random numbers.
const (
	partPlan uint64 = iota + 1
	partTimetable
	partDelivery
	partClocks
)
