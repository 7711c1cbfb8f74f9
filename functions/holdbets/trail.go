package holdbets

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/ledger"
)

const (
	// trailPace is how often the trail of one mission is written. However often
	// it changes in between, that is one write.
	trailPace = 2 * time.Second
	// maxRaised and maxMarked bound one write; maxContributors is how many may
	// wait for one. Beyond that they are left to the sweep.
	maxRaised       = 500
	maxMarked       = 1000
	maxContributors = 200_000
	// trailTime bounds one write.
	trailTime = 10 * time.Second
)

// trail is what follows the bets a moment behind, so that no bet waits for it:
// which pots were told, and the order of the ranking. Nothing here is a promise.
// A mark that is lost costs one more message; a standing that is lost is raised
// by the sweep once the mission is quiet.
type trail struct {
	ledger trailLedger
	now    func() time.Time

	mu       sync.Mutex
	missions map[uuid.UUID]*missionTrail
	waiting  int  // contributors
	writing  bool // somebody is at it
}

// trailLedger is what the trail asks of the users instance.
type trailLedger interface {
	MarkPublished(ctx context.Context, pots []ledger.Pot) error
	RaiseStandings(ctx context.Context, of []ledger.Contributor) error
}

// missionTrail is what is not written yet of one mission.
type missionTrail struct {
	told         ledger.Pot             // of version 0 if nothing new was told
	contributors map[uuid.UUID]struct{} // users who have bet since they were raised
	next         time.Time              // when the mission's turn comes
}

func (m *missionTrail) empty() bool { return m.told.Version == 0 && len(m.contributors) == 0 }

// part is one write: a bounded part of all trails.
type part struct {
	pots         []ledger.Pot
	contributors []ledger.Contributor
}

func (p *part) empty() bool { return len(p.pots) == 0 && len(p.contributors) == 0 }

func (p *part) full() bool { return len(p.pots) >= maxMarked || len(p.contributors) >= maxRaised }

func newTrail(l trailLedger, now func() time.Time) *trail {
	return &trail{ledger: l, now: now, missions: map[uuid.UUID]*missionTrail{}}
}

// held notes whose bets were held.
func (t *trail) held(bets []ledger.Bet, rulings []ledger.Ruling) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, r := range rulings {
		if r.Err != nil || r.Outcome != ledger.Held || t.waiting >= maxContributors {
			continue
		}
		m := t.of(bets[i].MissionID)
		if _, noted := m.contributors[bets[i].UserID]; !noted {
			m.contributors[bets[i].UserID] = struct{}{}
			t.waiting++
		}
	}
}

// told notes which pots were told, and has what is due written beside everything
// else. A mission that was quiet is due at once.
func (t *trail) told(ctx context.Context, pots []ledger.Pot) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range pots {
		if m := t.of(p.MissionID); p.Version > m.told.Version {
			m.told = p
		}
	}
	if len(t.missions) > 0 && !t.writing {
		t.writing = true
		go t.write(context.WithoutCancel(ctx))
	}
}

func (t *trail) of(mission uuid.UUID) *missionTrail {
	m, known := t.missions[mission]
	if !known {
		m = &missionTrail{contributors: map[uuid.UUID]struct{}{}}
		t.missions[mission] = m
	}
	return m
}

// write writes what is due, and comes back for what will be.
func (t *trail) write(ctx context.Context) {
	for {
		due, wait := t.due()
		switch {
		case !due.empty():
			if err := t.put(ctx, due); err != nil {
				slog.WarnContext(ctx, "not marked as told or ranked, the sweep will see to it", "error", err)
				t.giveUp()
				return
			}
		case wait > 0:
			time.AfterFunc(wait, func() { t.write(ctx) })
			return
		default:
			return
		}
	}
}

func (t *trail) put(ctx context.Context, due part) error {
	ctx, cancel := context.WithTimeout(ctx, trailTime)
	defer cancel()
	var errs []error
	if len(due.pots) > 0 {
		errs = append(errs, t.ledger.MarkPublished(ctx, due.pots))
	}
	if len(due.contributors) > 0 {
		errs = append(errs, t.ledger.RaiseStandings(ctx, due.contributors))
	}
	return errors.Join(errs...)
}

// due takes a part of what is due, or says how long until something is. With
// neither it ends the writing, under the same lock, so that nothing is noted in
// between and forgotten.
func (t *trail) due() (due part, wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	for id, m := range t.missions {
		left := m.next.Sub(now)
		switch {
		case left <= 0 && m.empty():
			delete(t.missions, id)
		case left <= 0 && !due.full():
			m.move(id, &due)
			if m.empty() {
				m.next = now.Add(trailPace)
			}
		case !m.empty() && (wait == 0 || left < wait):
			wait = left
		}
	}
	t.waiting -= len(due.contributors)
	t.writing = !due.empty() || wait > 0
	return due, wait
}

// move takes from a mission what a part has room for.
func (m *missionTrail) move(id uuid.UUID, due *part) {
	if m.told.Version > 0 {
		due.pots = append(due.pots, m.told)
		m.told = ledger.Pot{}
	}
	for user := range m.contributors {
		if len(due.contributors) == maxRaised {
			return
		}
		delete(m.contributors, user)
		due.contributors = append(due.contributors, ledger.Contributor{MissionID: id, UserID: user})
	}
}

// giveUp forgets what waits: a database that is away must not be asked again
// and again for what can wait.
func (t *trail) giveUp() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.missions)
	t.waiting, t.writing = 0, false
}
