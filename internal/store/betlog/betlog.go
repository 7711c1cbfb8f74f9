// Package betlog is the log of bets in Firestore: append-only, one document per
// bet, under missions/{mission}/bets. It exists so that a bet is safe once it
// is logged, before any cash moves, and so that a retried request finds the
// result of the first try.
//
// A document's id is the bet's, which is a hash of the call, the user and the
// idempotency key. Creating the document fails if it exists, so a bet happens
// once. Documents are never updated: outcomes are in the ledger.
//
// The rest follows from Firestore. Rising ids and times would put every write on
// one server, so all single-field indexes on bets are off and the sweep reads by
// a composite index over (shard, placed_at) of collection-group scope, 16 shards
// wide.
package betlog

import (
	"context"
	"fmt"

	"cloud.google.com/go/firestore"
	"github.com/google/uuid"
)

const (
	missions = "missions"
	bets     = "bets"
)

// Log is the log of bets. It is safe for concurrent use.
type Log struct {
	client *firestore.Client
}

// Open connects to a Firestore database, or to the emulator when
// FIRESTORE_EMULATOR_HOST is set. It makes no call.
func Open(ctx context.Context, project, database string) (*Log, error) {
	client, err := firestore.NewClientWithDatabase(ctx, project, database)
	if err != nil {
		return nil, fmt.Errorf("open the bet log: %w", err)
	}
	return New(client), nil
}

// New uses a client that is open already.
func New(client *firestore.Client) *Log { return &Log{client: client} }

// Close frees the connection.
func (l *Log) Close() error {
	if err := l.client.Close(); err != nil {
		return fmt.Errorf("close the bet log: %w", err)
	}
	return nil
}

// of is the log of one mission.
func (l *Log) of(mission uuid.UUID) *firestore.CollectionRef {
	return l.client.Collection(missions).Doc(mission.String()).Collection(bets)
}
