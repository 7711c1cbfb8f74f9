package betlog

import (
	"context"
	"fmt"
	"strings"
	"time"

	"cloud.google.com/go/firestore"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/core/ledger"
)

// Lookup returns the bet that a call logged, and whether there is one. Like
// Append, it returns fault.IdempotencyReused for another request with the same
// key.
func (l *Log) Lookup(ctx context.Context, e ledger.LogEntry) (ledger.Bet, bool, error) {
	stored, at, ok, err := l.read(ctx, l.of(e.Bet.MissionID).Doc(idOf(e).String()))
	if err != nil || !ok {
		return ledger.Bet{}, false, err
	}
	if !stored.answers(e) {
		return ledger.Bet{}, false, fault.IdempotencyReused
	}
	b, err := stored.bet(at)
	return b, err == nil, err
}

// ByBetID reads a bet of a mission by its id. The error is fault.NotFound if the
// mission's log does not have it.
func (l *Log) ByBetID(ctx context.Context, mission, betID uuid.UUID) (ledger.Bet, error) {
	r, at, ok, err := l.read(ctx, l.of(mission).Doc(betID.String()))
	switch {
	case err != nil:
		return ledger.Bet{}, err
	case !ok:
		return ledger.Bet{}, fault.NotFound.Because("there is no such bet on this mission")
	}
	return r.bet(at)
}

// Since reads one shard of the log, of all missions, in the order it was
// written: entries after a mark and from before an instant, at most limit. A
// zero mark starts at the beginning.
//
// Two entries may have the same time, and an entry written earlier may become
// visible later. So a mark has the entry's name as well as its time, and before
// must be far enough in the past (rule 16: 60 seconds).
func (l *Log) Since(ctx context.Context, shard int, after ledger.Mark, before time.Time, limit int) ([]ledger.Logged, error) {
	query := l.client.CollectionGroup(bets).
		Where("shard", "==", shard).Where("placed_at", "<", before).
		OrderBy("placed_at", firestore.Asc).OrderBy(firestore.DocumentID, firestore.Asc).
		Limit(limit)
	if after.Entry != "" {
		ref := l.client.Doc(after.Entry)
		if ref == nil {
			return nil, fmt.Errorf("read shard %d of the bet log: %q is not an entry", shard, after.Entry)
		}
		query = query.StartAfter(after.LoggedAt, ref)
	}
	docs, err := query.Documents(ctx).GetAll()
	if err != nil {
		return nil, fmt.Errorf("read shard %d of the bet log: %w", shard, err)
	}
	logged := make([]ledger.Logged, 0, len(docs))
	for _, doc := range docs {
		entry, err := fromDocument(doc)
		if err != nil {
			return nil, err
		}
		logged = append(logged, entry)
	}
	return logged, nil
}

// read reads one document and the time it was created. It reports false if the
// document is not there.
func (l *Log) read(ctx context.Context, ref *firestore.DocumentRef) (r record, created time.Time, ok bool, err error) {
	doc, err := ref.Get(ctx)
	if status.Code(err) == codes.NotFound {
		return record{}, time.Time{}, false, nil
	}
	if err != nil {
		return record{}, time.Time{}, false, fmt.Errorf("read the bet log: %w", err)
	}
	if err := doc.DataTo(&r); err != nil {
		return record{}, time.Time{}, false, fmt.Errorf("read the entry %s: %w", ref.ID, err)
	}
	return r, doc.CreateTime, true, nil
}

func fromDocument(doc *firestore.DocumentSnapshot) (ledger.Logged, error) {
	var r record
	if err := doc.DataTo(&r); err != nil {
		return ledger.Logged{}, fmt.Errorf("read the entry %s: %w", doc.Ref.ID, err)
	}
	b, err := r.bet(doc.CreateTime)
	if err != nil {
		return ledger.Logged{}, err
	}
	// A document's path starts with the project and the database, which a mark
	// must not depend on.
	_, entry, _ := strings.Cut(doc.Ref.Path, "/documents/")
	return ledger.Logged{Bet: b, Mark: ledger.Mark{LoggedAt: r.PlacedAt.UTC(), Entry: entry}}, nil
}
