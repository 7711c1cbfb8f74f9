package chaos

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// maxOffset is how far a clock is off at most, either way.
const maxOffset = 4 * time.Minute

// skewed lists the files that read the time of day; files that only measure durations are not in
// it. In a run's programs these files read a clock that may be wrong.
var skewed = []string{
	"functions/functions.go",                // of the steps
	"run/api/wiring.go",                     // of the API and its tokens
	"internal/store/ledgerdb/hold_exact.go", // when a bet is given up as an orphan
	"internal/store/liveboard/hub.go",       // which events are new
}

// Edit replaces one piece of a source file. The piece must be there exactly once.
type Edit struct{ File, Old, New string }

// overlay holds the changed source files that a run's programs are built from, in the form of `go
// build -overlay`. The tree itself stays as it is, so nothing that is changed here can be switched
// on in a deployed program.
type overlay struct {
	module string
	files  map[string]string // text by path within the module
}

func newOverlay(module string) *overlay { return &overlay{module: module, files: map[string]string{}} }

func (o *overlay) read(file string) (string, error) {
	if text, changed := o.files[file]; changed {
		return text, nil
	}
	text, err := os.ReadFile(filepath.Join(o.module, file))
	return string(text), err
}

// edit applies one change.
func (o *overlay) edit(e Edit) error {
	text, err := o.read(e.File)
	if err != nil {
		return err
	}
	if n := strings.Count(text, e.Old); n != 1 {
		return fmt.Errorf("%s holds %q %d times, want once: the code has changed, so change this edit too", e.File, e.Old, n)
	}
	o.files[e.File] = strings.Replace(text, e.Old, e.New, 1)
	return nil
}

// skew has the programs read the time of day from package clock.
func (o *overlay) skew() error {
	for _, file := range skewed {
		text, err := o.read(file)
		if err != nil {
			return err
		}
		if !strings.Contains(text, "time.Now") || !strings.Contains(text, "import (\n") {
			return fmt.Errorf("%s reads no time: the code has changed, so change the list of skewed files too", file)
		}
		text = strings.ReplaceAll(text, "time.Now", "offsetclock.Now")
		text = strings.Replace(text, "import (\n", "import (\n\toffsetclock \"example.com/missionpot/internal/rig/chaos/clock\"\n", 1)
		o.files[file] = text + "\nvar _ time.Time // the import stays in use\n"
	}
	return nil
}

// write puts the files into dir and returns the flag for go build.
func (o *overlay) write(dir string) (flag string, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	replaced := map[string]string{}
	for file, text := range o.files {
		path := filepath.Join(dir, strings.ReplaceAll(file, "/", "_"))
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return "", err
		}
		replaced[filepath.Join(o.module, file)] = path
	}
	list, err := json.Marshal(map[string]any{"Replace": replaced})
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(path, list, 0o600); err != nil {
		return "", err
	}
	return "-overlay=" + path, nil
}
