package liveboard

import (
	"fmt"
	"time"

	"cloud.google.com/go/firestore"
	"github.com/google/uuid"

	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/core/mission"
)

// boardDocument is the present state of a mission. The fields beside the
// snapshot are those that queries and listeners use.
type boardDocument struct {
	MissionID  string            `firestore:"mission_id"`
	StreamerID string            `firestore:"streamer_id"`
	Status     mission.Status    `firestore:"status"`
	IsActive   bool              `firestore:"is_active"`
	Revision   int64             `firestore:"revision"`
	Kind       mission.EventKind `firestore:"kind"` // of the last event
	At         time.Time         `firestore:"at"`   // of the last event
	Snapshot   snapshotDocument  `firestore:"snapshot"`
	UpdatedAt  time.Time         `firestore:"updated_at,serverTimestamp"`
}

// eventDocument is one entry of a mission's log.
type eventDocument struct {
	Revision int64             `firestore:"revision"`
	Kind     mission.EventKind `firestore:"kind"`
	Mission  snapshotDocument  `firestore:"mission"`
	At       time.Time         `firestore:"at"`
}

// snapshotDocument is mission.Snapshot in the types that Firestore has.
type snapshotDocument struct {
	ID               string         `firestore:"id"`
	StreamerID       string         `firestore:"streamer_id"`
	CreatorID        string         `firestore:"creator_id"`
	Title            string         `firestore:"title"`
	Description      string         `firestore:"description"`
	Status           mission.Status `firestore:"status"`
	IsActive         bool           `firestore:"is_active"`
	Pot              int64          `firestore:"pot"` // won
	Contributors     int            `firestore:"contributors"`
	TimeLimitSeconds int64          `firestore:"time_limit_seconds"`
	Deadline         *time.Time     `firestore:"deadline"`
	CreatedAt        time.Time      `firestore:"created_at"`
	DecidedAt        *time.Time     `firestore:"decided_at"`
	SettledAt        *time.Time     `firestore:"settled_at"`
}

func toBoard(e mission.Event) boardDocument {
	return boardDocument{
		MissionID: e.Mission.ID.String(), StreamerID: e.Mission.StreamerID.String(),
		Status: e.Mission.Status, IsActive: e.Mission.IsActive,
		Revision: e.Revision, Kind: e.Kind, At: e.At, Snapshot: toSnapshot(e.Mission),
	}
}

func toEvent(e mission.Event) eventDocument {
	return eventDocument{Revision: e.Revision, Kind: e.Kind, Mission: toSnapshot(e.Mission), At: e.At}
}

func toSnapshot(s mission.Snapshot) snapshotDocument {
	return snapshotDocument{
		ID: s.ID.String(), StreamerID: s.StreamerID.String(), CreatorID: s.CreatorID.String(),
		Title: s.Title, Description: s.Description, Status: s.Status, IsActive: s.IsActive,
		Pot: int64(s.Pot), Contributors: s.Contributors, TimeLimitSeconds: s.TimeLimitSeconds,
		Deadline: s.Deadline, CreatedAt: s.CreatedAt, DecidedAt: s.DecidedAt, SettledAt: s.SettledAt,
	}
}

// readBoard reads the last event of a mission from its board.
func readBoard(doc *firestore.DocumentSnapshot) (mission.Event, error) {
	var d boardDocument
	if err := doc.DataTo(&d); err != nil {
		return mission.Event{}, fmt.Errorf("read the board of mission %s: %w", doc.Ref.ID, err)
	}
	return fromEvent(eventDocument{Revision: d.Revision, Kind: d.Kind, Mission: d.Snapshot, At: d.At})
}

// readEvent reads an entry of a mission's log.
func readEvent(doc *firestore.DocumentSnapshot) (mission.Event, error) {
	var d eventDocument
	if err := doc.DataTo(&d); err != nil {
		return mission.Event{}, fmt.Errorf("read the event %s: %w", doc.Ref.Path, err)
	}
	return fromEvent(d)
}

func fromEvent(d eventDocument) (mission.Event, error) {
	s, err := fromSnapshot(d.Mission)
	if err != nil {
		return mission.Event{}, err
	}
	return mission.Event{Revision: d.Revision, Kind: d.Kind, Mission: s, At: d.At.UTC()}, nil
}

func fromSnapshot(d snapshotDocument) (mission.Snapshot, error) {
	var ids [3]uuid.UUID
	for i, text := range []string{d.ID, d.StreamerID, d.CreatorID} {
		id, err := uuid.Parse(text)
		if err != nil {
			return mission.Snapshot{}, fmt.Errorf("read a snapshot's id: %w", err)
		}
		ids[i] = id
	}
	return mission.Snapshot{
		ID: ids[0], StreamerID: ids[1], CreatorID: ids[2],
		Title: d.Title, Description: d.Description, Status: d.Status, IsActive: d.IsActive,
		Pot: ledger.Won(d.Pot), Contributors: d.Contributors, TimeLimitSeconds: d.TimeLimitSeconds,
		Deadline: utc(d.Deadline), CreatedAt: d.CreatedAt.UTC(), DecidedAt: utc(d.DecidedAt), SettledAt: utc(d.SettledAt),
	}, nil
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}
