package liveboard

import (
	"context"
	"fmt"
	"slices"
	"time"

	"cloud.google.com/go/firestore"
	"github.com/google/uuid"

	"example.com/missionpot/internal/core/mission"
)

const (
	// logPage is how many events are read at once when a mission's board is ahead.
	logPage = 100
	// streamerWindow is how many of a streamer's missions are followed, those that
	// changed last. A change brings a mission back into the window, so none is
	// missed; only the first snapshot is bounded by it.
	streamerWindow = 100
	// lately is how long a decided mission stays in the snapshot of its streamer.
	lately = time.Hour
)

// WatchMission follows one mission. The feed starts with its last event and
// then delivers every event, without a gap. To resume after an event, first
// watch, then read Events after it, and then use the newer events of the feed.
//
// The error is fault.Unavailable if this instance has too many watchers, or
// Firestore does not answer.
func (b *Board) WatchMission(ctx context.Context, missionID uuid.UUID) (mission.Feed, error) {
	client, err := b.listening(ctx)
	if err != nil {
		return nil, err
	}
	board := client.Collection(boards).Doc(missionID.String())
	return b.hubs.join(ctx, topic{ofMission, missionID}, func(ctx context.Context, h *hub) error {
		return b.followMission(ctx, h, board, missionID)
	})
}

// WatchStreamer follows the missions of a streamer. The feed starts with the
// last event of each mission that is undecided or changed within the last hour,
// and then delivers each change. If a mission changes faster than Firestore
// notifies, the changes are merged and the last one counts.
//
// The errors are those of WatchMission.
func (b *Board) WatchStreamer(ctx context.Context, streamerID uuid.UUID) (mission.Feed, error) {
	client, err := b.listening(ctx)
	if err != nil {
		return nil, err
	}
	query := client.Collection(boards).Where("streamer_id", "==", streamerID.String()).
		OrderBy("updated_at", firestore.Desc).Limit(streamerWindow)
	return b.hubs.join(ctx, topic{ofStreamer, streamerID}, func(ctx context.Context, h *hub) error {
		return followStreamer(ctx, h, query)
	})
}

// followMission listens to the mission's board for its revision, and reads the
// events up to it from the log, once for all clients.
func (b *Board) followMission(ctx context.Context, h *hub, board *firestore.DocumentRef, id uuid.UUID) error {
	snapshots := board.Snapshots(ctx)
	defer snapshots.Stop()
	for first := true; ; first = false {
		doc, err := snapshots.Next()
		if err != nil {
			return fmt.Errorf("listen to mission %s: %w", id, err)
		}
		var present []*mission.Event
		if doc.Exists() {
			e, err := readBoard(doc)
			if err != nil {
				return err
			}
			present = []*mission.Event{&e}
		}
		switch {
		case first:
			h.begin(present)
		case len(present) > 0:
			if err := b.catchUp(ctx, h, present[0]); err != nil {
				return err
			}
		}
	}
}

// catchUp sends the events up to the board's that the clients do not have. If
// the board is one ahead, its own event is the only one.
func (b *Board) catchUp(ctx context.Context, h *hub, shown *mission.Event) error {
	id, to := shown.Mission.ID, shown.Revision
	if h.shown(id)+1 == to {
		h.send([]*mission.Event{shown})
		return nil
	}
	for at := h.shown(id); at < to; at = h.shown(id) {
		happened, err := b.Events(ctx, id, at, logPage)
		if err != nil {
			return err
		}
		if len(happened) == 0 || happened[0].Revision != at+1 {
			return fmt.Errorf("the log of mission %s has no event %d, but its board is at %d", id, at+1, to)
		}
		h.send(pointers(happened))
	}
	return nil
}

func pointers(happened []mission.Event) []*mission.Event {
	all := make([]*mission.Event, len(happened))
	for i := range happened {
		all[i] = &happened[i]
	}
	return all
}

func followStreamer(ctx context.Context, h *hub, query firestore.Query) error {
	snapshots := query.Snapshots(ctx)
	defer snapshots.Stop()
	for first := true; ; first = false {
		window, err := snapshots.Next()
		if err != nil {
			return fmt.Errorf("listen to streamer %s: %w", h.topic.id, err)
		}
		var changed []*mission.Event
		for _, change := range window.Changes {
			e, err := readBoard(change.Doc)
			if err != nil {
				return err
			}
			switch {
			case change.Kind == firestore.DocumentRemoved:
				h.unlist(e.Mission.ID) // later changes of others moved it out of the window
			case e.Revision > h.shown(e.Mission.ID):
				changed = append(changed, &e)
			}
		}
		slices.SortFunc(changed, byTime)
		if first {
			h.begin(changed)
		} else {
			h.send(changed)
		}
	}
}
