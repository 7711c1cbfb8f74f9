package stand

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// restartPause is the wait before a service that ended by itself is started again.
const restartPause = time.Second

// Service is one of the system's programs, at a fixed port. It can be killed and
// started again, as often as a test likes.
type Service struct {
	program Program
	port    int
	ready   string

	mu      sync.Mutex
	process *Process
}

// NewService makes a service of a program that serves HTTP at 127.0.0.1:port, which it reads
// from PORT. It is ready when the path ready answers 200; with an empty path, when it
// answers at all.
func NewService(program Program, port int, ready string) *Service {
	return &Service{program: program, port: port, ready: ready}
}

// URL is the service's address, without a slash at the end.
func (s *Service) URL() string { return "http://" + address(s.port) }

// Program is what Start starts, so that a caller can start another of it.
func (s *Service) Program() Program { return s.program }

// Start starts the program and waits until it answers.
func (s *Service) Start(ctx context.Context) error {
	process, err := StartProcess(s.program)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.process = process
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	want := http.StatusOK
	if s.ready == "" {
		want = 0
	}
	err = process.waitReady(ctx, func(ctx context.Context) error { return probeHTTP(ctx, s.URL()+s.ready, want) })
	if err != nil {
		process.Kill()
	}
	return err
}

// Process is the program as it runs now, or last ran; nil before the first Start.
func (s *Service) Process() *Process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.process
}

// Kill ends the program as a crash would. Start brings it back.
func (s *Service) Kill() {
	if p := s.Process(); p != nil {
		p.Kill()
	}
}

// Stop ends the program gracefully, or by force when ctx ends.
func (s *Service) Stop(ctx context.Context) error {
	if p := s.Process(); p != nil {
		return p.Stop(ctx)
	}
	return nil
}

// Keep starts the service again whenever it ends, until ctx does, and reports that.
func (s *Service) Keep(ctx context.Context, report func(string)) {
	for {
		p := s.Process()
		select {
		case <-ctx.Done():
			return
		case <-p.Done():
		}
		report(fmt.Sprintf("%s ended (%v); starting it again", s.program.Name, exitError(p.Wait())))
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(restartPause):
			}
			err := s.Start(ctx)
			if err == nil || ctx.Err() != nil {
				break
			}
			report(err.Error())
		}
	}
}
