package lab

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Binaries are the system's programs, built, by absolute path.
type Binaries struct {
	API       string
	Functions string // every function behind one port, each at /<its name>
}

// BuildBinaries builds the API and the functions of the module into dir. Flags are
// further ones of go build.
func BuildBinaries(ctx context.Context, module, dir string, flags ...string) (Binaries, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return Binaries{}, err
	}
	b := Binaries{API: filepath.Join(dir, "api"), Functions: filepath.Join(dir, "functions")}
	if err := goBuild(ctx, module, b.API, "./run/api", flags); err != nil {
		return Binaries{}, err
	}
	if err := goBuild(ctx, module, b.Functions, "./run/functions", flags); err != nil {
		return Binaries{}, err
	}
	return b, nil
}

func goBuild(ctx context.Context, module, out, target string, flags []string) error {
	cmd := exec.CommandContext(ctx, "go", slices.Concat([]string{"build", "-o", out}, flags, []string{target})...)
	cmd.Dir = module
	// Without cgo, so that a C compiler that is installed later, for the race detector,
	// does not have everything built again; and without a look at git, which refuses a
	// checkout that belongs to another user.
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS="+strings.TrimSpace(os.Getenv("GOFLAGS")+" -buildvcs=false"))
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
