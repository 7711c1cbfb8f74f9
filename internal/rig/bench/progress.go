package bench

import (
	"fmt"
	"io"
	"time"
)

// Progress shows how far a run has come: on a terminal as one line that is redrawn, elsewhere as a
// line for each experiment.
type Progress struct {
	Out      io.Writer
	Terminal bool

	start      time.Time
	experiment string
}

// clearLine goes to the start of a terminal's line and erases it.
const clearLine = "\r\x1b[K"

// begin shows that the nth of all experiments begins.
func (p *Progress) begin(n, all int, name string) {
	if n == 1 {
		p.start = time.Now()
	}
	p.experiment = fmt.Sprintf("%d of %d: %s", n, all, name)
	if !p.Terminal {
		fmt.Fprintf(p.Out, "%6s  %s\n", time.Since(p.start).Round(time.Second), p.experiment)
	}
}

// show shows what the experiment does.
func (p *Progress) show(doing string) {
	if p.Terminal {
		fmt.Fprintf(p.Out, "%s%6s  %s: %s", clearLine, time.Since(p.start).Round(time.Second), p.experiment, doing)
	}
}

func (p *Progress) end() {
	if p.Terminal {
		fmt.Fprint(p.Out, clearLine)
	}
}
