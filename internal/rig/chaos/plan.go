package chaos

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"

	"github.com/google/uuid"
)

// Account is one user of a run.
type Account struct {
	ID       uuid.UUID
	Cash     int64 // won, at the beginning
	Streamer bool
	Choosy   bool // missions wait for this streamer's acceptance
	Poor     bool // can't pay for everything it will bet
}

// Fate is the planned ending of a mission.
type Fate string

// The fates. Each ends in a state of the mission that the verdict checks.
const (
	Succeeds Fate = "succeeds"
	Fails    Fate = "fails"
	Expires  Fate = "expires"  // nobody judges it
	Rejected Fate = "rejected" // by a choosy streamer
	Ignored  Fate = "ignored"  // a choosy streamer never answers
	// Withdrawn is taken back by its creator before a choosy streamer has answered.
	Withdrawn Fate = "withdrawn"
	// Rivals are two missions whose creator can pay for only one. Both are requested at once, so
	// one is never funded.
	Rivals Fate = "rivals"
)

// proposed reports whether a mission with this fate waits for its streamer and never takes bets.
func (f Fate) proposed() bool { return f == Rejected || f == Ignored || f == Withdrawn }

// MissionPlan is one mission to be created, with its people.
type MissionPlan struct {
	Creator, Streamer int // indexes in Plan.Accounts
	Fate              Fate
	Stake             int64
	TimeLimit         int // seconds, from its acceptance
	First, Last       int // waves in which it takes bets
	Hot               bool
}

// Habit is how a client behaves about one bet.
type Habit string

// The habits.
const (
	Plain     Habit = "plain"
	Repeats   Habit = "repeats"   // asks again with the same key after the answer
	Twins     Habit = "twins"     // asks twice at once with the same key
	Impatient Habit = "impatient" // waits a moment only, then asks again with the same key
	Quits     Habit = "quits"     // asks once, waits a moment only, and never learns the answer
	Changes   Habit = "changes"   // sends another amount with a key that was used
	Rushes    Habit = "rushes"    // bets at the moment of the verdict, so partly after it
)

// BetPlan is one bet to be placed.
type BetPlan struct {
	Mission, User int // indexes in Plan
	Wave          int
	Amount        int64
	Habit         Habit
}

// ChargePlan is one charge to be made through the API.
type ChargePlan struct {
	User, Wave int
	Amount     int64
}

// Plan is everything that the clients of a run will try.
type Plan struct {
	Accounts []Account
	Missions []MissionPlan // the first is the hot one
	Bets     []BetPlan
	Charges  []ChargePlan
}

const (
	rich  = 50_000_000 // covers whatever one user can be drawn for
	purse = 5000       // of the poor
	stake = 1000       // of missions
)

// NewPlan draws a plan. The same seed and scenario give the same plan.
func NewPlan(seed uint64, s Scenario) Plan {
	r := generator(seed, partPlan)
	p := Plan{}
	for i := range s.Users {
		p.Accounts = append(p.Accounts, newAccount(r, i))
	}
	p.drawMissions(r, s)
	p.drawBets(r, s)
	for range s.Users / 20 {
		p.Charges = append(p.Charges, ChargePlan{User: r.IntN(s.Users), Wave: r.IntN(s.Waves), Amount: 100 * int64(1+r.IntN(100))})
	}
	return p
}

// newAccount makes every tenth a streamer, half of them choosy, and every fifth of the
// others poor.
func newAccount(r *rand.Rand, place int) Account {
	a := Account{ID: newID(r), Cash: rich, Streamer: place%10 == 0, Choosy: place%20 == 0}
	if !a.Streamer && place%5 == 1 {
		a.Cash, a.Poor = purse, true
	}
	return a
}

// newID is a random id (RFC 9562, version 4) from the run's own numbers.
func newID(r *rand.Rand) uuid.UUID {
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:8], r.Uint64())
	binary.BigEndian.PutUint64(id[8:], r.Uint64())
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return id
}

// drawMissions keeps the first mission open during the whole run and gives it half of the bets. The
// fates of the others take turns, so that a small run has each of them.
func (p *Plan) drawMissions(r *rand.Rand, s Scenario) {
	p.Missions = append(p.Missions, MissionPlan{
		Creator: 2, Streamer: 10, Fate: Succeeds, Stake: stake, TimeLimit: 24 * 3600, Last: s.Waves - 1, Hot: true,
	})
	turns := []Fate{
		Succeeds, Fails, Expires, Succeeds, Rejected, Fails, Succeeds, Rivals, Fails, Ignored, Succeeds, Withdrawn, Fails, Succeeds, Fails, Expires,
	}
	for n := 0; len(p.Missions) < s.Missions; n++ {
		m := p.drawMission(r, s, turns[n%len(turns)])
		p.Missions = append(p.Missions, m)
		if m.Fate == Rivals {
			p.Missions = append(p.Missions, m)
		}
	}
}

func (p *Plan) drawMission(r *rand.Rand, s Scenario, fate Fate) MissionPlan {
	m := MissionPlan{Fate: fate, Stake: stake, TimeLimit: 24 * 3600}
	m.First = r.IntN(max(1, s.Waves-1))
	m.Last = min(s.Waves-1, m.First+r.IntN(3))
	m.Streamer = p.draw(r, func(a Account) bool { return a.Streamer && a.Choosy == fate.proposed() })
	m.Creator = p.draw(r, func(a Account) bool { return !a.Streamer && !a.Poor })
	switch fate {
	case Expires:
		m.TimeLimit = 60 // the shortest there is
		m.First, m.Last = m.First/2, m.First/2
	case Ignored:
		m.First, m.Last = m.First/2, m.First/2
	case Rivals:
		// The creator's cash covers one of the two stakes.
		m.Creator = p.draw(r, func(a Account) bool { return a.Poor })
		m.Stake = purse * 3 / 5
	}
	return m
}

func (p *Plan) draw(r *rand.Rand, fits func(Account) bool) int {
	for {
		if n := r.IntN(len(p.Accounts)); fits(p.Accounts[n]) {
			return n
		}
	}
}

// drawBets gives half of all bets to the hot mission and spreads the rest over the other open ones.
func (p *Plan) drawBets(r *rand.Rand, s Scenario) {
	var open []int
	for i, m := range p.Missions {
		if !m.Hot && !m.Fate.proposed() {
			open = append(open, i)
		}
	}
	for n := range s.Bets {
		b := BetPlan{Amount: 100 * int64(1+r.IntN(30)), Habit: drawHabit(r)}
		if n%2 == 1 {
			b.Mission = open[r.IntN(len(open))]
		}
		m := p.Missions[b.Mission]
		b.Wave = m.First + r.IntN(m.Last-m.First+1)
		if m.Fate == Succeeds && !m.Hot && b.Wave == m.Last && r.IntN(2) == 0 {
			b.Habit = Rushes
		}
		b.User = p.draw(r, func(a Account) bool { return !a.Streamer })
		p.Bets = append(p.Bets, b)
	}
	r.Shuffle(len(p.Bets), func(i, j int) { p.Bets[i], p.Bets[j] = p.Bets[j], p.Bets[i] })
	slices.SortStableFunc(p.Bets, func(a, b BetPlan) int { return a.Wave - b.Wave })
}

func drawHabit(r *rand.Rand) Habit {
	switch n := r.IntN(100); {
	case n < 68:
		return Plain
	case n < 78:
		return Repeats
	case n < 86:
		return Twins
	case n < 94:
		return Impatient
	case n < 98:
		return Quits
	default:
		return Changes
	}
}
