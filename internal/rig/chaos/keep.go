package chaos

import (
	"context"
	"fmt"
	"time"

	"example.com/missionpot/internal/rig/chaos/clock"
	"example.com/missionpot/internal/rig/stand"
)

// keep restarts whatever ends, as the platform would, until the stand is closed.
func (s *system) keep(report func(string)) {
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	for _, service := range append(append([]*stand.Service{}, s.apis...), s.functions...) {
		s.kept.Go(func() {
			service.Keep(ctx, func(string) {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.ends[service]++
			})
		})
	}
	for _, server := range []*server{s.users, s.missions} {
		s.kept.Go(func() { server.keep(ctx, report) })
	}
}

// kill ends an instance as a crash would. It is restarted after a second.
func (s *system) kill(service *stand.Service) {
	s.mu.Lock()
	s.kills[service]++
	s.mu.Unlock()
	service.Kill()
}

// crashes lists the instances that ended more often than they were killed.
func (s *system) crashes() (found []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for service, ends := range s.ends {
		if kills := s.kills[service]; ends > kills {
			found = append(found, fmt.Sprintf("the instance at %s ended %d times and was killed %d times", service.URL(), ends, kills))
		}
	}
	return found
}

// drawClocks draws how far each instance's clock is off: one to four minutes, the first
// instance of a program in one direction and the second in the other.
func drawClocks(seed uint64) map[string]time.Duration {
	r := generator(seed, partClocks)
	offsets := map[string]time.Duration{}
	for _, program := range []string{"API", "functions"} {
		sign := time.Duration(1 - 2*r.IntN(2))
		for _, instance := range []string{program, program + "-2"} {
			off := time.Minute + time.Duration(r.Int64N(int64(maxOffset-time.Minute)))
			offsets[instance] = sign * off.Round(time.Second)
			sign = -sign
		}
	}
	return offsets
}

// clockOf is the setting of an instance's clock.
func (s *system) clockOf(instance string) string {
	return fmt.Sprintf("%s=%s", clock.Env, s.offsets[instance])
}
