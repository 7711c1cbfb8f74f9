package api

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/mission"
)

func TestAnEventIsEncodedOnceForAllItsWatchers(t *testing.T) {
	t.Parallel()
	var f frames
	e := &mission.Event{Revision: 7, Kind: mission.PotChanged, Mission: mission.Snapshot{ID: uuid.New()}}
	first, err := f.of(e, true)
	if err != nil {
		t.Fatal(err)
	}
	if want := "id: 0000000000000000007\nevent: pot_changed\ndata: {"; !strings.HasPrefix(string(first), want) || !strings.HasSuffix(string(first), "}\n\n") {
		t.Errorf("the event goes out as %q, want it to begin with %q and to end with an empty line", first, want)
	}
	again, err := f.of(e, true)
	if err != nil || &again[0] != &first[0] {
		t.Errorf("the event was encoded twice (error %v), want the same bytes", err)
	}
}

func TestEventsThatShareASlotAreNotMixedUp(t *testing.T) {
	t.Parallel()
	var f frames
	id := uuid.New()
	one := &mission.Event{Revision: 1, Kind: mission.PotChanged, Mission: mission.Snapshot{ID: id, Title: "one"}}
	other := &mission.Event{Revision: 1, Kind: mission.PotChanged, Mission: mission.Snapshot{ID: id, Title: "other"}}
	for range 2 {
		for title, e := range map[string]*mission.Event{"one": one, "other": other} {
			for _, withID := range []bool{true, false} {
				text, err := f.of(e, withID)
				if err != nil || !strings.Contains(string(text), `"title":"`+title+`"`) || strings.HasPrefix(string(text), "id: ") != withID {
					t.Errorf("event %s, with id %v, goes out as %q, error %v", title, withID, text, err)
				}
			}
		}
	}
}
