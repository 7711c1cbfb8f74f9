package storetest

import (
	"context"
	"sync"

	"example.com/missionpot/internal/core/event"
)

// Bus remembers what was published. Its zero value takes everything.
type Bus struct {
	// Refuse, if set, is asked before each call; its error fails the call.
	Refuse func(events []event.Event) error

	mu        sync.Mutex
	published []event.Event
}

// Publish remembers the events, or refuses them all.
func (b *Bus) Publish(ctx context.Context, events ...event.Event) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.Refuse != nil {
		if err := b.Refuse(events); err != nil {
			return err
		}
	}
	b.published = append(b.published, events...)
	return nil
}

// Published returns the events of one type, oldest first.
func Published[E event.Event](b *Bus) []E {
	b.mu.Lock()
	defer b.mu.Unlock()
	var found []E
	for _, e := range b.published {
		if one, ok := e.(E); ok {
			found = append(found, one)
		}
	}
	return found
}
