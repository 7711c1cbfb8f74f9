package stand

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// Program says what to run and how.
type Program struct {
	Name    string // for messages
	Path    string
	Args    []string
	Env     []string // the whole environment; nil means the parent's
	Dir     string
	LogFile string    // output is appended here; empty means Output
	Output  io.Writer // used when LogFile is empty; nil discards
	Account *Account  // the user to run as; nil means the parent's
	// StopSignal asks for a graceful end; zero means SIGTERM.
	StopSignal syscall.Signal
}

// Process is a running child in a process group of its own. The kernel kills it
// when this program dies, and whatever the child leaves in its group is killed when
// the child ends, so nothing outlives the stand.
type Process struct {
	program Program
	cmd     *exec.Cmd
	done    chan struct{}
	err     error // set before done is closed
}

// StartProcess starts the program. It does not wait until it is ready.
func StartProcess(program Program) (*Process, error) {
	if program.StopSignal == 0 {
		program.StopSignal = syscall.SIGTERM
	}
	cmd := exec.Command(program.Path, program.Args...)
	cmd.Env, cmd.Dir = program.Env, program.Dir
	cmd.Stdout, cmd.Stderr = program.Output, program.Output
	cmd.SysProcAttr = OwnGroup(program.Account)
	// A grandchild that holds the output pipe must not delay the report of the end.
	cmd.WaitDelay = time.Second
	if program.LogFile != "" {
		logFile, err := os.OpenFile(program.LogFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			return nil, fmt.Errorf("open the log of %s: %w", program.Name, err)
		}
		defer logFile.Close()
		cmd.Stdout, cmd.Stderr = logFile, logFile
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", program.Name, err)
	}
	p := &Process{program: program, cmd: cmd, done: make(chan struct{})}
	go p.reap()
	return p, nil
}

func (p *Process) reap() {
	err := p.cmd.Wait()
	p.signal(syscall.SIGKILL) // the rest of its group
	p.err = err
	close(p.done)
}

// Name is the program's name for messages.
func (p *Process) Name() string { return p.program.Name }

// PID is the process id, and the id of its process group.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Wait waits for the end. The error is nil for exit status 0, else an *exec.ExitError.
func (p *Process) Wait() error {
	<-p.done
	return p.err
}

// Kill ends the whole group with SIGKILL, as a crash would, and waits for the end.
func (p *Process) Kill() {
	if !p.ended() {
		p.signal(syscall.SIGKILL)
	}
	<-p.done
}

// Signal sends a signal to the whole group, if it still runs.
func (p *Process) Signal(sig syscall.Signal) {
	if !p.ended() {
		p.signal(sig)
	}
}

// Stop asks for a graceful end and waits for it; when ctx ends first, it kills and
// returns the context's error.
func (p *Process) Stop(ctx context.Context) error {
	p.Signal(p.program.StopSignal)
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		p.Kill()
		return fmt.Errorf("%s did not stop in time and was killed: %w", p.program.Name, ctx.Err())
	}
}

func (p *Process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

func (p *Process) signal(sig syscall.Signal) {
	// The only failure is that nobody is left in the group.
	_ = syscall.Kill(-p.cmd.Process.Pid, sig)
}

// readyTimeout is how long a server or service of the stand may take to start. A loaded
// machine with two cores needed 40 s for the Firestore emulator.
const readyTimeout = 2 * time.Minute

// startReady starts a program and waits until the probe succeeds, or kills it.
func startReady(ctx context.Context, program Program, probe func(context.Context) error) (*Process, error) {
	process, err := StartProcess(program)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	if err := process.waitReady(ctx, probe); err != nil {
		process.Kill()
		return nil, err
	}
	return process, nil
}

// attemptTimeout is for one question whether a program is ready. A busy machine with
// two cores needed more than two seconds for a first answer.
const attemptTimeout = 10 * time.Second

// waitReady polls probe until it succeeds. It gives up when the process or ctx
// ends, and then quotes the end of the log.
func (p *Process) waitReady(ctx context.Context, probe func(context.Context) error) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		attempt, cancel := context.WithTimeout(ctx, attemptTimeout)
		err := probe(attempt)
		cancel()
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("%s ended while starting: %w%s", p.program.Name, exitError(p.err), p.logTail())
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.Canceled) {
				return fmt.Errorf("start of %s interrupted: %w", p.program.Name, ctx.Err())
			}
			return fmt.Errorf("%s was not ready in time: %w%s", p.program.Name, errors.Join(ctx.Err(), err), p.logTail())
		case <-tick.C:
		}
	}
}

func exitError(err error) error {
	if err == nil {
		return errors.New("exit status 0")
	}
	return err
}

// logTail quotes at most the last 2,000 bytes of the log, for an error message.
func (p *Process) logTail() string {
	if p.program.LogFile == "" {
		return ""
	}
	text, err := os.ReadFile(p.program.LogFile)
	if err != nil {
		return ""
	}
	if len(text) > 2000 {
		text = text[len(text)-2000:]
	}
	return "\n" + p.program.LogFile + " ends with:\n" + strings.TrimSpace(string(text))
}
