package mission

import "github.com/google/uuid"

// Filter narrows a list of missions. A zero field does not narrow.
type Filter struct {
	StreamerID uuid.UUID
	CreatorID  uuid.UUID
	Statuses   []Status
	Before     uuid.UUID // only missions older than this one, for paging
	Limit      int       // at most this many; must be positive
}
