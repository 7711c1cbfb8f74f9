package chaos

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// diskSize is the small disk of one Postgres server, in bytes: a few times what the
// long run leaves there, so that what fills it is the fault and not the run.
const diskSize = 768 << 20

// disk is a small file system of its own that can be filled to the last byte.
type disk struct{ dir string }

// fill takes all the space that is left. mend gives it back.
func (d *disk) fill() (mend func() error, err error) {
	balloon := filepath.Join(d.dir, "balloon")
	f, err := os.OpenFile(balloon, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("fill the disk: %w", err)
	}
	defer f.Close()
	mend = func() error { return os.Remove(balloon) }
	block := make([]byte, 1<<20)
	for size := len(block); size > 0; {
		_, err := f.Write(block[:size])
		switch {
		case errors.Is(err, syscall.ENOSPC):
			size /= 2 // the last bytes are filled with ever smaller pieces
		case err != nil:
			return nil, errors.Join(fmt.Errorf("fill the disk: %w", err), mend())
		}
	}
	return mend, nil
}
