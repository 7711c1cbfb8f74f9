// Package liveboard is the live board in Firestore: a document and an event log for
// every mission. It exists so that watching does not load the databases: a
// change is written here once, and every instance with watchers gets it through
// one listener, however many watchers there are.
//
//	boards/{mission}                     the mission as it is, with its revision
//	missions/{mission}/events/{revision} the events, zero-padded, append-only
//
// A streamer's board is read by a composite index over (streamer_id, updated_at
// descending). Single-field indexes on boards other than streamer_id must be off:
// times rise, and an index over them takes only about 500 writes a second.
//
// The missions database decides, and the board follows. It may lag until the
// next write, so a write applies what is newer and ignores the rest.
package liveboard

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"cloud.google.com/go/firestore"
	"github.com/google/uuid"
	"google.golang.org/api/option"
)

const (
	boards   = "boards"
	missions = "missions"
	events   = "events"
)

// listenerConnections is how many gRPC connections the listeners share. One
// connection carries about 100 streams, and any further call waits. So
// listeners have their own connections, with room for maxListeners that are
// spread unevenly.
const listenerConnections = 8

// Board is the live board. It is safe for concurrent use.
type Board struct {
	project, database string
	client            *firestore.Client // for reads and writes, never for listeners
	hubs              *hubs

	mu       sync.Mutex
	listener *firestore.Client // made by the first watch: most programs never watch
}

// Open connects to a Firestore database, or to the emulator when
// FIRESTORE_EMULATOR_HOST is set. It makes no call.
func Open(ctx context.Context, project, database string) (*Board, error) {
	client, err := firestore.NewClientWithDatabase(ctx, project, database)
	if err != nil {
		return nil, fmt.Errorf("open the board: %w", err)
	}
	return &Board{project: project, database: database, client: client, hubs: newHubs()}, nil
}

// Close ends every feed and frees the connections.
func (b *Board) Close() error {
	b.hubs.close()
	b.mu.Lock()
	defer b.mu.Unlock()
	err := b.client.Close()
	if b.listener != nil {
		err = errors.Join(err, b.listener.Close())
	}
	if err != nil {
		return fmt.Errorf("close the board: %w", err)
	}
	return nil
}

// listening returns the client of the listeners. If it can't be made, the next
// call tries again.
func (b *Board) listening(ctx context.Context) (*firestore.Client, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.listener != nil {
		return b.listener, nil
	}
	// The client outlives the first request.
	client, err := firestore.NewClientWithDatabase(context.WithoutCancel(ctx), b.project, b.database,
		option.WithGRPCConnectionPool(listenerConnections))
	if err != nil {
		return nil, fmt.Errorf("open the board's listeners: %w", err)
	}
	b.listener = client
	return client, nil
}

func (b *Board) log(mission uuid.UUID) *firestore.CollectionRef {
	return b.client.Collection(missions).Doc(mission.String()).Collection(events)
}

// eventID is a revision as a document id and as the Last-Event-ID: padded to the
// width of the largest int64, so that the order of the text is that of the
// numbers.
func eventID(revision int64) string { return fmt.Sprintf("%019d", revision) }
