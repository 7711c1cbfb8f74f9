package edge

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// maxWait is the longest that a caller may ask an answer to be held back.
// Proxies on the way commonly give up after 30 seconds.
const maxWait = 20 * time.Second

// Waiting is the header by which a caller waits for the outcome.
type Waiting struct {
	Prefer string `header:"Prefer" doc:"wait=N holds the answer for at most N seconds (20 at most) until the outcome is known, RFC 7240." example:"wait=5"`
}

// Wait is how long the caller wants to wait. A preference that can't be read
// is ignored, as RFC 7240 asks.
func (w Waiting) Wait() time.Duration {
	for preference := range strings.SplitSeq(w.Prefer, ",") {
		preference, _, _ = strings.Cut(preference, ";")
		name, value, _ := strings.Cut(strings.TrimSpace(preference), "=")
		if !strings.EqualFold(strings.TrimSpace(name), "wait") {
			continue
		}
		n, err := strconv.Atoi(strings.Trim(strings.TrimSpace(value), `"`))
		if err != nil || n <= 0 {
			return 0
		}
		return min(time.Duration(min(n, 3600))*time.Second, maxWait)
	}
	return 0
}

// Applied is the value of Preference-Applied, or "" if none was.
func (w Waiting) Applied() string {
	if wait := w.Wait(); wait > 0 {
		return fmt.Sprintf("wait=%d", int(wait.Seconds()))
	}
	return ""
}
