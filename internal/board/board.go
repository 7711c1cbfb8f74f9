// Package board is the live board in Firestore: the document of every mission
// and the log of what happened to it. It exists so that watching costs the
// databases nothing: a change is written here once, and every instance that has
// somebody watching hears of it through one listener, however many they are.
//
//	boards/{mission}                     the mission as it is, with its revision
//	missions/{mission}/events/{revision} what happened, zero-padded, append-only
//
// A streamer's board is read by a composite index over (streamer_id, updated_at
// descending). Single-field indexes on boards other than streamer_id must be off:
// times rise, and an index over them takes about 500 writes a second in all.
//
// The missions database decides; the board follows. It may lag and is brought up
// to date by whoever writes next, so a write takes what is newer and leaves the
// rest.
package board

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
// connection carries about 100 streams, and any call beyond waits; so listeners
// have connections of their own, for maxListeners with room to spread unevenly.
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

// listening is the client of the listeners. A failure to make it is not
// remembered.
func (b *Board) listening(ctx context.Context) (*firestore.Client, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.listener != nil {
		return b.listener, nil
	}
	// The client outlives the request that happens to come first.
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
