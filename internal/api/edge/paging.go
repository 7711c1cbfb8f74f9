package edge

import (
	"encoding/base64"

	"github.com/go-json-experiment/json"

	"example.com/missionpot/internal/core/fault"
)

// Page is how a list is read on.
type Page struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"How many items at most."`
	Cursor string `query:"cursor" maxLength:"512" doc:"next_cursor of the page before, with the same filters. Opaque: its form may change at any time."`
}

// Listed is one page of a list.
type Listed[T any] struct {
	Items      []T     `json:"items" nullable:"false"`
	NextCursor *string `json:"next_cursor" doc:"Give it as cursor for the next page; null on the last page."`
}

// cursorVersion is raised when the content of cursors changes, so that an old
// one is refused and not misread.
const cursorVersion = 2

type cursor[K any] struct {
	Version int    `json:"v"`
	List    string `json:"l"`
	Key     *K     `json:"k"`
}

// Listing names a list with its filters. A cursor is good for the one it was made for:
// in another list it would silently leave things out.
type Listing string

// ListOf names a list by what decides what is on it.
func ListOf(name string, filters ...any) Listing {
	return Listing(base64.RawURLEncoding.EncodeToString(RequestHash(name, filters)[:9]))
}

// After returns the place a page starts from: the cursor's, or the given first
// one. The error is fault.Invalid.
func After[K any](p Page, of Listing, first K) (K, error) {
	if p.Cursor == "" {
		return first, nil
	}
	var c cursor[K]
	text, err := base64.RawURLEncoding.DecodeString(p.Cursor)
	if err == nil {
		err = json.Unmarshal(text, &c, json.RejectUnknownMembers(true))
	}
	if err != nil || c.Version != cursorVersion || c.List != string(of) || c.Key == nil {
		return first, fault.Invalid.On("query.cursor", "is not a next_cursor of this list with these filters")
	}
	return *c.Key, nil
}

// Paginate makes a page out of the rows found. Ask the source for one row more
// than the limit: if it comes, there is a next page.
func Paginate[T, R, K any](p Page, of Listing, rows []R, show func(R) T, key func(R) K) (Listed[T], error) {
	more := len(rows) > p.Limit
	if more {
		rows = rows[:p.Limit]
	}
	listed := Listed[T]{Items: make([]T, 0, len(rows))}
	for _, row := range rows {
		listed.Items = append(listed.Items, show(row))
	}
	if more {
		last := key(rows[len(rows)-1])
		text, err := json.Marshal(cursor[K]{cursorVersion, string(of), &last})
		if err != nil {
			return listed, err
		}
		next := base64.RawURLEncoding.EncodeToString(text)
		listed.NextCursor = &next
	}
	return listed, nil
}
