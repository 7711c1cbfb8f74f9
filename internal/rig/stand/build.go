package stand

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Binaries are the system's programs, built, by absolute path.
type Binaries struct {
	API       string
	Functions string // every function behind one port, each at /<its name>
}

// BuildBinaries builds the API and the functions of the module into dir. Flags are
// further ones of go build.
func BuildBinaries(ctx context.Context, module, dir string, flags ...string) (b Binaries, err error) {
	dir, err = filepath.Abs(dir)
	if err != nil {
		return Binaries{}, err
	}
	// A go that is stopped leaves its work where it is. Here it ends with this build, or
	// with the next one.
	work := filepath.Join(dir, "work")
	if err := errors.Join(os.RemoveAll(work), os.MkdirAll(work, 0o755)); err != nil {
		return Binaries{}, fmt.Errorf("make a folder to build in: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	b = Binaries{API: filepath.Join(dir, "api"), Functions: filepath.Join(dir, "functions")}
	for out, target := range map[string]string{b.API: "./run/api", b.Functions: "./run/functions"} {
		if err := goBuild(ctx, module, work, out, target, flags); err != nil {
			return Binaries{}, err
		}
	}
	return b, nil
}

func goBuild(ctx context.Context, module, work, out, target string, flags []string) error {
	cmd := exec.CommandContext(ctx, "go", slices.Concat([]string{"build", "-o", out}, flags, []string{target})...)
	cmd.Dir = module
	cmd.SysProcAttr = OwnGroup(nil)
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // with its compilers
	cmd.WaitDelay = stopTimeout
	// Without cgo, so that a C compiler that is installed later, for the race detector,
	// does not have everything built again; and without a look at git, which refuses a
	// checkout that belongs to another user.
	cmd.Env = append(os.Environ(), "GOTMPDIR="+work, "CGO_ENABLED=0", "GOFLAGS="+strings.TrimSpace(os.Getenv("GOFLAGS")+" -buildvcs=false"))
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w\n%s", target, err, text)
	}
	return nil
}

// ModuleRoot is the directory of Missionpot's go.mod, seen from the working directory.
func ModuleRoot(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOMOD: %w", err)
	}
	file := strings.TrimSpace(string(out))
	if filepath.Base(file) != "go.mod" {
		return "", fmt.Errorf("not inside a Go module: run this in Missionpot's folder")
	}
	return filepath.Dir(file), nil
}
