package chaos

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// screen shows the progress of a run: on a terminal as a bar in its last line, elsewhere as a line
// now and then.
type screen struct {
	out      io.Writer
	terminal bool

	mu    sync.Mutex
	began time.Time
	bar   string
	left  map[string]int
}

const (
	barWidth     = 30 // characters
	barPause     = 500 * time.Millisecond
	plainPause   = 15 * time.Second
	clearTheLine = "\r\x1b[K"
)

func newScreen(out io.Writer, terminal bool) *screen {
	return &screen{out: out, terminal: terminal, began: time.Now()}
}

// say prints one line, with the time since the start.
func (s *screen) say(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.terminal {
		fmt.Fprint(s.out, clearTheLine)
	}
	fmt.Fprintf(s.out, "%7.1fs  %s\n", time.Since(s.began).Seconds(), fmt.Sprintf(format, args...))
	if s.terminal {
		fmt.Fprint(s.out, s.bar)
	}
}

// watch records what is still unfinished.
func (s *screen) watch(left map[string]int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left = left
}

// unfinished returns what was recorded last.
func (s *screen) unfinished() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, what := range slices.Sorted(maps.Keys(s.left)) {
		all = append(all, fmt.Sprintf("%d %s", s.left[what], what))
	}
	return strings.Join(all, ", ")
}

// show prints a status again and again until stop is called.
func (s *screen) show(status func() string) (stop func()) {
	pause := plainPause
	if s.terminal {
		pause = barPause
	}
	ended := make(chan struct{})
	var shown sync.WaitGroup
	shown.Go(func() {
		ticker := time.NewTicker(pause)
		defer ticker.Stop()
		for {
			select {
			case <-ended:
				return
			case <-ticker.C:
				s.refresh(status())
			}
		}
	})
	return func() {
		close(ended)
		shown.Wait()
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.terminal {
			fmt.Fprint(s.out, clearTheLine)
		}
		s.bar = ""
	}
}

func (s *screen) refresh(status string) {
	if !s.terminal {
		s.say("%s", status)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bar = status
	fmt.Fprint(s.out, clearTheLine+status)
}

// bar draws a progress bar.
func bar(done, all int) string {
	filled := barWidth
	if all > 0 {
		filled = min(barWidth, barWidth*done/all)
	}
	return "[" + strings.Repeat("#", filled) + strings.Repeat(".", barWidth-filled) + "]"
}

// status is what the screen shows of a run.
func (r *run) status() string {
	asked, acked := r.driver.model.counts()
	faults, now := r.saboteur.count()
	text := fmt.Sprintf("%s %d of %d bets, %d acknowledged, %d faults", bar(asked, r.Scenario.Bets), asked, r.Scenario.Bets, acked, faults)
	if len(now) > 0 {
		text += "; now: " + strings.Join(now, ", ")
	}
	if left := r.unfinished(); left != "" {
		text += "; left: " + left
	}
	return text
}
