package mission

import "time"

// Census counts the missions that are under way, all at one moment. Settled
// missions are not counted, because their number only grows.
type Census struct {
	ByStatus        map[Status]int // Funding, Proposed and Active, including those with no missions
	Unsettled       int            // decided, and not settled yet
	OldestUnsettled time.Duration  // since the verdict that has waited longest; 0 if none waits
}
