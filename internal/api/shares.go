package api

import "sync"

// shares bounds how many places one address has at once. It remembers only those that
// have one.
type shares struct {
	most int

	mu    sync.Mutex
	count map[string]int
}

// newShares makes shares of so many places; 0 bounds nothing.
func newShares(most int) *shares {
	if most <= 0 {
		return nil
	}
	return &shares{most: most, count: map[string]int{}}
}

// take reports whether the address had a place left, and takes it.
func (s *shares) take(address string) bool {
	if s == nil {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.count[address] >= s.most {
		return false
	}
	s.count[address]++
	return true
}

// leave gives a place back.
func (s *shares) leave(address string) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.count[address]--; s.count[address] == 0 {
		delete(s.count, address)
	}
}
