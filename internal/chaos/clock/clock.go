// Package clock is a clock that is wrong on purpose, by as much as the environment says.
//
// No program imports it. A chaos run builds the programs with an overlay that puts it in
// the place of time.Now, so that the clocks of instances can differ by minutes while
// nothing in the product can be told to lie about the time.
package clock

import (
	"os"
	"time"
)

// Env names the variable that holds the offset, as time.ParseDuration reads it.
const Env = "CHAOS_CLOCK_OFFSET"

// offset is read once: a process has one clock.
var offset = func() time.Duration {
	d, err := time.ParseDuration(os.Getenv(Env))
	if err != nil {
		return 0
	}
	return d
}()

// Now is the present, shifted.
func Now() time.Time { return time.Now().Add(offset) }
