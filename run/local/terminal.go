package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"
)

// terminal prints what happens, for people. It uses colours only where they are seen: on
// a terminal, unless NO_COLOR is set (https://no-color.org).
type terminal struct {
	mu      sync.Mutex
	out     io.Writer
	colours bool
}

func newTerminal(out *os.File) *terminal {
	_, plain := os.LookupEnv("NO_COLOR")
	return &terminal{out: out, colours: !plain && term.IsTerminal(int(out.Fd()))}
}

const (
	bold  = "1"
	dim   = "2"
	green = "32"
	red   = "31"
)

func (t *terminal) paint(colour, text string) string {
	if !t.colours {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

func (t *terminal) line(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprintf(t.out, format+"\n", args...)
}

// heading begins a part.
func (t *terminal) heading(text string) { t.line("\n%s", t.paint(bold, text)) }

// ready reports that a part of the stand is up.
func (t *terminal) ready(name string, took time.Duration) {
	t.line("  %s %-28s %s", t.paint(green, "ok"), name, t.paint(dim, fmt.Sprintf("%4.1f s", took.Seconds())))
}

// trouble reports a problem that is being handled.
func (t *terminal) trouble(text string) { t.line("  %s %s", t.paint(red, "!!"), text) }

// step prints what somebody does in the play.
func (t *terminal) step(number int, text string) {
	t.line("\n  %s %s", t.paint(bold, fmt.Sprintf("%d.", number)), text)
}

// fact prints what can be seen after a step.
func (t *terminal) fact(name, text string) {
	t.line("     %s %s", t.paint(dim, fmt.Sprintf("%-8s", name)), text)
}
