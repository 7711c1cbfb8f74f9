package stand_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"example.com/missionpot/internal/rig/stand"
)

func TestABuildThatIsStoppedLeavesNothing(t *testing.T) {
	temporary, dir := t.TempDir(), t.TempDir()
	t.Setenv("TMPDIR", temporary)
	t.Setenv("GOCACHE", t.TempDir()) // empty, so that the build is long enough to be stopped
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	go func() {
		defer cancel()
		for ctx.Err() == nil {
			for _, at := range []string{temporary, filepath.Join(dir, "work")} {
				if found, err := filepath.Glob(filepath.Join(at, "go-build*", "*")); err == nil && found != nil {
					return
				}
			}
			time.Sleep(time.Millisecond)
		}
	}()
	if _, err := stand.BuildBinaries(ctx, "../../..", dir); err == nil {
		t.Fatal("a build that was stopped is no error")
	}
	for _, at := range []string{temporary, dir} {
		left, err := os.ReadDir(at)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range left {
			t.Errorf("left behind: %s", filepath.Join(at, entry.Name()))
		}
	}
}
