package bench

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// Progress shows how far a run has come: on a terminal as one line that is redrawn, elsewhere as a
// line for each experiment.
type Progress struct {
	Out      io.Writer
	Terminal bool

	start             time.Time
	done, all         int
	name, doing       string
	previouslyPrinted int
}

const barWidth = 24

func (p *Progress) begin(experiments []Experiment, s Scale) {
	p.start = time.Now()
	for _, e := range experiments {
		p.all += e.rounds(s)
	}
}

func (p *Progress) experiment(name string) {
	p.name = name
	if !p.Terminal {
		fmt.Fprintf(p.Out, "%6s  %3.0f %%  %s\n", p.took(), p.share()*100, name)
	}
}

func (p *Progress) now(doing string) {
	p.doing = doing
	p.draw()
}

func (p *Progress) step() {
	p.done++
	p.draw()
}

func (p *Progress) end() {
	if p.Terminal {
		fmt.Fprintf(p.Out, "\r%s\r", strings.Repeat(" ", p.previouslyPrinted))
	}
}

func (p *Progress) draw() {
	if !p.Terminal {
		return
	}
	full := int(p.share() * barWidth)
	line := fmt.Sprintf("[%s%s] %s  %s: %s", strings.Repeat("#", full), strings.Repeat("-", barWidth-full), p.took(), p.name, p.doing)
	fmt.Fprintf(p.Out, "\r%s%s", line, strings.Repeat(" ", max(0, p.previouslyPrinted-len(line))))
	p.previouslyPrinted = len(line)
}

func (p *Progress) share() float64 {
	if p.all == 0 {
		return 0
	}
	return float64(p.done) / float64(p.all)
}

func (p *Progress) took() time.Duration { return time.Since(p.start).Round(time.Second) }
