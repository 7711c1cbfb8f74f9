package holdbets

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/ledger"
)

const (
	// followUpPace is how often the follow-up of one mission is written. All
	// changes in between are one write.
	followUpPace = 2 * time.Second
	// maxRaised and maxMarked bound one write; maxContributors is how many may
	// wait for one. The sweep handles any beyond that.
	maxRaised       = 500
	maxMarked       = 1000
	maxContributors = 200_000
	// followUpTime bounds one write.
	followUpTime = 10 * time.Second
)

// followUp writes what no bet needs to wait for: which pots were published, and
// the order of the ranking. Its writes may be lost. A lost mark costs one more
// message, and a lost standing is raised by the sweep once the mission is
// quiet.
type followUp struct {
	ledger followUpLedger
	now    func() time.Time

	mu       sync.Mutex
	missions map[uuid.UUID]*missionFollowUp
	waiting  int  // contributors
	writing  bool // a goroutine is writing
}

// followUpLedger is the part of the users instance that a followUp uses.
type followUpLedger interface {
	MarkPublished(ctx context.Context, pots []ledger.Pot) error
	RaiseStandings(ctx context.Context, of []ledger.Contributor) error
}

// missionFollowUp is what is not written yet of one mission.
type missionFollowUp struct {
	published    ledger.Pot             // of version 0 if nothing new was published
	contributors map[uuid.UUID]struct{} // users who have bet since they were raised
	next         time.Time              // when the mission's turn comes
}

func (m *missionFollowUp) empty() bool { return m.published.Version == 0 && len(m.contributors) == 0 }

// part is one write: a bounded part of what is due.
type part struct {
	pots         []ledger.Pot
	contributors []ledger.Contributor
}

func (p *part) empty() bool { return len(p.pots) == 0 && len(p.contributors) == 0 }

func (p *part) full() bool { return len(p.pots) >= maxMarked || len(p.contributors) >= maxRaised }

func newFollowUp(l followUpLedger, now func() time.Time) *followUp {
	return &followUp{ledger: l, now: now, missions: map[uuid.UUID]*missionFollowUp{}}
}

// held notes whose bets were held.
func (f *followUp) held(bets []ledger.Bet, rulings []ledger.Ruling) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, r := range rulings {
		if r.Err != nil || r.Outcome != ledger.Held || f.waiting >= maxContributors {
			continue
		}
		m := f.of(bets[i].MissionID)
		if _, noted := m.contributors[bets[i].UserID]; !noted {
			m.contributors[bets[i].UserID] = struct{}{}
			f.waiting++
		}
	}
}

// published notes which pots were published and starts to write what is due, in
// the background. A mission that was quiet is due at once.
func (f *followUp) published(ctx context.Context, pots []ledger.Pot) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range pots {
		if m := f.of(p.MissionID); p.Version > m.published.Version {
			m.published = p
		}
	}
	if len(f.missions) > 0 && !f.writing {
		f.writing = true
		go f.write(context.WithoutCancel(ctx))
	}
}

func (f *followUp) of(mission uuid.UUID) *missionFollowUp {
	m, known := f.missions[mission]
	if !known {
		m = &missionFollowUp{contributors: map[uuid.UUID]struct{}{}}
		f.missions[mission] = m
	}
	return m
}

// write writes what is due, and runs again when more is.
func (f *followUp) write(ctx context.Context) {
	for {
		due, wait := f.due()
		switch {
		case !due.empty():
			if err := f.put(ctx, due); err != nil {
				slog.WarnContext(ctx, "pots not marked as published or users not ranked; left to the sweep", "error", err)
				f.giveUp()
				return
			}
		case wait > 0:
			time.AfterFunc(wait, func() { f.write(ctx) })
			return
		default:
			return
		}
	}
}

func (f *followUp) put(ctx context.Context, due part) error {
	ctx, cancel := context.WithTimeout(ctx, followUpTime)
	defer cancel()
	var errs []error
	if len(due.pots) > 0 {
		errs = append(errs, f.ledger.MarkPublished(ctx, due.pots))
	}
	if len(due.contributors) > 0 {
		errs = append(errs, f.ledger.RaiseStandings(ctx, due.contributors))
	}
	return errors.Join(errs...)
}

// due takes a part of what is due, or returns how long until something is. With
// neither it ends the writing, under the same lock, so that nothing noted in
// between is forgotten.
func (f *followUp) due() (due part, wait time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	for id, m := range f.missions {
		left := m.next.Sub(now)
		switch {
		case left <= 0 && m.empty():
			delete(f.missions, id)
		case left <= 0 && !due.full():
			m.move(id, &due)
			if m.empty() {
				m.next = now.Add(followUpPace)
			}
		case !m.empty() && (wait == 0 || left < wait):
			wait = left
		}
	}
	f.waiting -= len(due.contributors)
	f.writing = !due.empty() || wait > 0
	return due, wait
}

// move takes from a mission what a part has room for.
func (m *missionFollowUp) move(id uuid.UUID, due *part) {
	if m.published.Version > 0 {
		due.pots = append(due.pots, m.published)
		m.published = ledger.Pot{}
	}
	for user := range m.contributors {
		if len(due.contributors) == maxRaised {
			return
		}
		delete(m.contributors, user)
		due.contributors = append(due.contributors, ledger.Contributor{MissionID: id, UserID: user})
	}
}

// giveUp drops everything that waits, so that a database that is down is not
// called again and again for it.
func (f *followUp) giveUp() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.missions)
	f.waiting, f.writing = 0, false
}
