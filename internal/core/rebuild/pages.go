package rebuild

import (
	"context"
	"iter"

	"github.com/google/uuid"
)

// pages reads a list in the order of ids, a page at a time. An error ends it.
func pages[T any](
	ctx context.Context, size int, read func(ctx context.Context, after uuid.UUID, limit int) ([]T, error), id func(T) uuid.UUID,
) iter.Seq2[[]T, error] {
	return func(yield func([]T, error) bool) {
		for after := uuid.Nil; ; {
			page, err := read(ctx, after, size)
			if !yield(page, err) || err != nil || len(page) < size {
				return
			}
			after = id(page[len(page)-1])
		}
	}
}
