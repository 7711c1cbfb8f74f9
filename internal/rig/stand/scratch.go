package stand

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

const scratchPrefix = "missionpot-scratch-"

// Scratch is a temporary directory for servers that are thrown away. It is locked
// while its owner lives, so that what a killed run left behind can be distinguished
// and removed by the next one.
type Scratch struct {
	Dir  string
	lock *os.File
}

// NewScratch makes a scratch directory, after removing those whose owners are gone.
// Others may traverse it: as root, Postgres runs as another user.
func NewScratch() (*Scratch, error) {
	removeAbandoned()
	dir, err := os.MkdirTemp("", scratchPrefix)
	if err != nil {
		return nil, fmt.Errorf("make a scratch directory: %w", err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make a scratch directory: %w", err)
	}
	lock, err := LockDir(dir)
	if err != nil {
		return nil, err
	}
	return &Scratch{Dir: dir, lock: lock}, nil
}

// Close removes the directory.
func (s *Scratch) Close() error {
	return errors.Join(os.RemoveAll(s.Dir), s.lock.Close())
}

// removeAbandoned does what it can: a directory it may not touch belongs to another
// user, who will remove it.
func removeAbandoned() {
	dirs, err := filepath.Glob(filepath.Join(os.TempDir(), scratchPrefix+"*"))
	if err != nil {
		return
	}
	for _, dir := range dirs {
		if _, err := os.Stat(filepath.Join(dir, lockName)); err != nil {
			continue // just being made, or another user's
		}
		if lock, err := LockDir(dir); err == nil {
			_ = os.RemoveAll(dir)
			_ = lock.Close()
		}
	}
}

const lockName = "in-use"

// ErrDirInUse says that another stand works in the directory.
var ErrDirInUse = errors.New("another stand is using this directory")

// LockDir claims a directory until the file is closed or this program ends. It fails
// with ErrDirInUse if another program holds it.
func LockDir(dir string) (*os.File, error) {
	lock, err := os.OpenFile(filepath.Join(dir, lockName), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		lock.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("%s: %w", dir, ErrDirInUse)
		}
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	return lock, nil
}
