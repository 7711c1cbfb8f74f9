package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/term"

	"example.com/missionpot/internal/rig/stand"
)

// grace is how long a command or a service may take to end after it was asked to.
const grace = 10 * time.Second

// execWithServers runs a command while throw-away servers are up, and returns its
// exit error. The environment says where they are.
func execWithServers(ctx context.Context, args []string) (err error) {
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		return errors.New("usage: local exec -- CMD [ARG...]")
	}
	parts, err := stand.FindParts()
	if err != nil {
		return err
	}
	scratch, err := stand.NewScratch()
	if err != nil {
		return err
	}
	defer func() { err = withMore(err, scratch.Close()) }()
	start := time.Now()
	servers, err := stand.StartServers(ctx, parts, stand.ServersConfig{Dir: scratch.Dir, ThrowAway: true})
	if err != nil {
		return err
	}
	defer func() { err = withMore(err, servers.Stop()) }()
	fmt.Fprintf(os.Stderr, "local: four servers up in %.1f s\n", time.Since(start).Seconds())
	return runInScratch(ctx, scratch, args, append(os.Environ(), servers.TestEnv()...))
}

// runInScratch has a command keep its temporary files in the scratch directory, so that
// they end with it, even those of a test that was killed.
func runInScratch(ctx context.Context, scratch *stand.Scratch, args, env []string) error {
	temporary := filepath.Join(scratch.Dir, "tmp")
	if err := makeOpenDirs(temporary); err != nil {
		return fmt.Errorf("make a folder for temporary files: %w", err)
	}
	return runCommand(ctx, args, append(env, stand.EnvTestDir+"="+scratch.Dir, "TMPDIR="+temporary))
}

// withMore joins what else went wrong, if anything did: the command's status alone must
// stay alone.
func withMore(err, more error) error {
	if more == nil {
		return err
	}
	return errors.Join(err, more)
}

// runCommand runs args with our standard streams until it ends or ctx does.
func runCommand(ctx context.Context, args, env []string) error {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.WaitDelay = grace
	cmd.SysProcAttr = stand.OwnGroup(nil)
	if term.IsTerminal(int(os.Stdin.Fd())) {
		// There it must stay in our group, or it could not read the keyboard; Ctrl-C
		// reaches both of us.
		cmd.SysProcAttr.Setpgid = false
		// SIGINT, because go removes what it built only on that one.
		cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
		return statusOf(args[0], cmd.Run())
	}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", args[0], err)
	}
	err := cmd.Wait()
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // the rest of its group, if any
	return statusOf(args[0], err)
}

// statusOf makes the exit status of a command its own kind of error.
func statusOf(name string, err error) error {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &exit) && exit.ExitCode() > 0:
		return commandStatus(exit.ExitCode())
	}
	return fmt.Errorf("run %s: %w", name, err)
}
