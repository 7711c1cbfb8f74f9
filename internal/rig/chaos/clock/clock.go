// Package clock is a clock that is wrong on purpose, by the offset in the environment.
//
// No program imports it. A chaos run builds the programs with an overlay that replaces time.Now
// with it. So the clocks of instances can differ by minutes, and the product has no setting that
// changes the time.
package clock

import (
	"os"
	"time"
)

// Env names the variable that holds the offset, as time.ParseDuration reads it.
const Env = "CHAOS_CLOCK_OFFSET"

// offset is read once, because a process has one clock.
var offset = func() time.Duration {
	d, err := time.ParseDuration(os.Getenv(Env))
	if err != nil {
		return 0
	}
	return d
}()

// Now returns the current time plus the offset.
func Now() time.Time { return time.Now().Add(offset) }
