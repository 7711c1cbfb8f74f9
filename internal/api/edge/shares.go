package edge

import "sync"

// Shares bounds how many places one address has at once. It remembers only those that
// have one.
type Shares struct {
	most int

	mu    sync.Mutex
	count map[string]int
}

// NewShares makes shares of so many places; 0 bounds nothing.
func NewShares(most int) *Shares {
	if most <= 0 {
		return nil
	}
	return &Shares{most: most, count: map[string]int{}}
}

// Take reports whether the address had a place left, and takes it.
func (s *Shares) Take(address string) bool {
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

// Leave gives a place back.
func (s *Shares) Leave(address string) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.count[address]--; s.count[address] == 0 {
		delete(s.count, address)
	}
}
