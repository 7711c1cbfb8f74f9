package mission

import "time"

// Census counts the missions that are under way, all at one moment. Missions
// that are over are not counted: there is no end to them.
type Census struct {
	ByStatus        map[Status]int // Funding, Proposed and Active, those with none included
	Unsettled       int            // decided, and not settled yet
	OldestUnsettled time.Duration  // since the verdict that has waited longest; 0 if none waits
}
