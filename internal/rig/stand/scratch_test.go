package stand_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"example.com/missionpot/internal/rig/stand"
)

func TestADirectoryServesOneStandAtATime(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, err := stand.LockDir(dir)
	if err != nil {
		t.Fatalf("first lock: %v", err)
	}
	if _, err := stand.LockDir(dir); !errors.Is(err, stand.ErrDirInUse) {
		t.Errorf("second lock = %v, want ErrDirInUse", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := stand.LockDir(dir)
	if err != nil {
		t.Fatalf("lock after the first was freed: %v", err)
	}
	again.Close()
}

func TestRemovesWhatAKilledRunLeftAndNothingElse(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	abandoned := filepath.Join(os.TempDir(), "missionpot-scratch-old")
	if err := os.Mkdir(abandoned, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(abandoned, "in-use"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	inUse, err := stand.NewScratch()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(abandoned); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the abandoned directory: %v, want it gone", err)
	}
	second, err := stand.NewScratch()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(inUse.Dir); err != nil {
		t.Errorf("a directory in use was removed: %v", err)
	}
	for _, s := range []*stand.Scratch{inUse, second} {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(s.Dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("after Close: %v, want the directory gone", err)
		}
	}
}
