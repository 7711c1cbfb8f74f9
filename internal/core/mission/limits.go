package mission

import (
	"fmt"
	"time"

	"example.com/missionpot/internal/core/fault"
)

// LimitWindow is the time over which new missions are counted.
const LimitWindow = time.Hour

// Limits bound how many missions one user makes, because each of them leads to
// e-mails to its creator, its streamer and everyone who backs it. 0 is no
// limit. A mission is open until it is decided.
type Limits struct {
	CreatorNew  int // new missions of one creator within LimitWindow
	CreatorOpen int // open missions of one creator
	PairOpen    int // open missions of one creator for one streamer
}

// None reports whether there are no limits, so that nothing need be counted.
func (l Limits) None() bool { return l == Limits{} }

// Made is what a creator has made, including the mission that is about to be added.
type Made struct {
	CreatorNew  int
	CreatorOpen int
	PairOpen    int
	NextIn      time.Duration // until the oldest of CreatorNew leaves the window
}

// Check refuses what goes beyond the limits with fault.TooManyMissions.
func (l Limits) Check(made Made) error {
	over := func(count, limit int) bool { return limit > 0 && count > limit }
	switch {
	case over(made.PairOpen, l.PairOpen):
		return fault.TooManyMissions.Because(fmt.Sprintf(
			"You have %d open missions for this streamer, the most that are possible at once. Wait until one of them is decided.", l.PairOpen))
	case over(made.CreatorOpen, l.CreatorOpen):
		return fault.TooManyMissions.Because(fmt.Sprintf(
			"You have %d open missions, the most that are possible at once. Wait until one of them is decided.", l.CreatorOpen))
	case over(made.CreatorNew, l.CreatorNew):
		return fault.TooManyMissions.Because(fmt.Sprintf(
			"You have made %d missions within an hour, the most that are possible.", l.CreatorNew)).After(made.NextIn)
	}
	return nil
}
