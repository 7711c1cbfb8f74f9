package api

import (
	"encoding/binary"
	"sync/atomic"

	"example.com/missionpot/internal/api/edge"
	"example.com/missionpot/internal/core/mission"
)

// frames keeps events as they go over the wire, so that an event is encoded once
// and not for each of its watchers. The feeds of a topic share their events, so
// an event is known by its address. A slot that another event took only costs
// encoding again.
type frames struct{ slots [64]atomic.Pointer[frame] }

type frame struct {
	event  *mission.Event
	withID bool
	text   []byte
}

func (f *frames) of(e *mission.Event, withID bool) ([]byte, error) {
	slot := &f.slots[(binary.BigEndian.Uint64(e.Mission.ID[8:])+uint64(e.Revision))%uint64(len(f.slots))] // #nosec G115 -- a hash; it may wrap
	if kept := slot.Load(); kept != nil && kept.event == e && kept.withID == withID {
		return kept.text, nil
	}
	text, err := encode(e, withID)
	if err == nil {
		slot.Store(&frame{e, withID, text})
	}
	return text, err
}

// encode writes an event for the wire. A streamer's events are of many missions,
// whose revisions say nothing about each other, so they go without an id.
func encode(e *mission.Event, withID bool) ([]byte, error) {
	id := ""
	if withID {
		id = streamID(e.Revision)
	}
	return edge.Event(id, string(e.Kind), e)
}
