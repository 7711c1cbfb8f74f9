package chaos

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// diskSize is the size of one Postgres server's small disk, in bytes: a few times what the long run
// writes, so that only the fault fills it.
const diskSize = 768 << 20

// disk is a small file system of its own that can be filled to the last byte.
type disk struct{ dir string }

// fill takes all the free space. The function it returns frees it again.
func (d *disk) fill() (repair func() error, err error) {
	balloon := filepath.Join(d.dir, "balloon")
	f, err := os.OpenFile(balloon, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("fill the disk: %w", err)
	}
	defer f.Close()
	repair = func() error { return os.Remove(balloon) }
	block := make([]byte, 1<<20)
	for size := len(block); size > 0; {
		_, err := f.Write(block[:size])
		switch {
		case errors.Is(err, syscall.ENOSPC):
			size /= 2 // the last bytes are filled with ever smaller pieces
		case err != nil:
			return nil, errors.Join(fmt.Errorf("fill the disk: %w", err), repair())
		}
	}
	return repair, nil
}
