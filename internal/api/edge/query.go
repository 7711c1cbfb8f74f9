package edge

import (
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"example.com/missionpot/internal/core/fault"
)

// checkQuery refuses a query that the operation would not follow in full. A filter that
// is ignored gives a list that looks right and is not.
func (e *Edge) checkQuery(known map[string]bool) middleware {
	return func(ctx huma.Context, next func(huma.Context)) {
		r, _ := humago.Unwrap(ctx)
		if r.URL.RawQuery != "" {
			if err := checkQuery(r.URL.RawQuery, known); err != nil {
				e.refuse(ctx, err)
				return
			}
		}
		next(ctx)
	}
}

// checkQuery compares a query with the known parameters, of which those that are true
// may come several times.
func checkQuery(raw string, known map[string]bool) error {
	query, err := url.ParseQuery(raw)
	if err != nil {
		return fault.Invalid.On("query", "is not percent-encoded as a query must be")
	}
	for _, name := range slices.Sorted(maps.Keys(query)) {
		at, values := "query."+shorten(strings.ToValidUTF8(name, "\uFFFD")), query[name]
		several, ok := known[name]
		switch {
		case !ok:
			return fault.Invalid.On(at, "is not a parameter of this call")
		case slices.Contains(values, ""):
			return fault.Invalid.On(at, "must not be empty; leave it out instead")
		case len(values) > 1 && !several:
			return fault.Invalid.On(at, "must come only once")
		}
	}
	return nil
}

// queryOf lists the parameters of an operation's input, and whether they may repeat.
func queryOf(input reflect.Type) map[string]bool {
	known := map[string]bool{}
	for i := range input.NumField() {
		f := input.Field(i)
		if f.Anonymous {
			maps.Copy(known, queryOf(f.Type))
		}
		if name, _, _ := strings.Cut(f.Tag.Get("query"), ","); name != "" {
			known[name] = f.Type.Kind() == reflect.Slice
		}
	}
	return known
}
