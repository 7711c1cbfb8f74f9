package chaos

import (
	"fmt"
	"os"
	"syscall"
)

// mountDisk makes a small disk in memory at dir. It needs the right to mount, which root lacks in
// some containers.
func mountDisk(dir string) (*disk, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=755", diskSize)); err != nil {
		return nil, fmt.Errorf("mount a small disk: %w", err)
	}
	return &disk{dir: dir}, nil
}

// unmount removes the disk and everything on it as soon as nothing uses it.
func (d *disk) unmount() error { return syscall.Unmount(d.dir, syscall.MNT_DETACH) }
