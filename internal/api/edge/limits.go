package edge

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/throttled/throttled/v2"
	"github.com/throttled/throttled/v2/store/memstore"

	"example.com/missionpot/internal/core/fault"
)

const (
	limitWindow = time.Minute
	// maxLimited bounds the memory: callers remembered for each limit, at some 200
	// bytes each. Beyond that the one who was quiet the longest is forgotten.
	maxLimited = 50_000
	// limitTries is how often a count is tried again while others count the same
	// caller. One that never comes through is let in.
	limitTries = 1000
)

// Quota is one limit, kept in this instance's memory: a call must cost no
// round trip for it. So with n instances a caller may get up to n times as far.
type Quota struct {
	name    string
	limit   int
	limiter *throttled.GCRARateLimiterCtx
}

// NewQuota makes a limit of so many calls in a minute, all of them at once or
// spread over it; nil, which limits nothing, for 0.
func NewQuota(name string, limit int, now func() time.Time) *Quota {
	if limit <= 0 {
		return nil
	}
	store, err := memstore.New(maxLimited)
	if err != nil {
		panic(err) // only for a size below 1
	}
	store.SetTimeNow(now)
	limiter, err := throttled.NewGCRARateLimiterCtx(throttled.WrapStoreWithContext(store),
		throttled.RateQuota{MaxRate: throttled.PerDuration(limit, limitWindow), MaxBurst: limit - 1})
	if err != nil {
		panic(err) // only for a limit below 1
	}
	limiter.SetMaxCASAttemptsLimit(limitTries)
	return &Quota{name: name, limit: limit, limiter: limiter}
}

// take counts a call and reports how many are left, in the fields of
// draft-ietf-httpapi-ratelimit-headers-10. The error is fault.TooMany.
func (q *Quota) take(ctx context.Context, who string, h http.Header) error {
	if q == nil {
		return nil
	}
	limited, result, err := q.limiter.RateLimitCtx(ctx, who, 1)
	if err != nil {
		return nil // counting is no reason to refuse
	}
	addToList(h, "RateLimit-Policy", fmt.Sprintf(`"%s";q=%d;w=%d`, q.name, q.limit, int(limitWindow.Seconds())))
	addToList(h, "RateLimit", fmt.Sprintf(`"%s";r=%d;t=%d`, q.name, result.Remaining, wholeSeconds(result.ResetAfter)))
	if limited {
		return fault.TooMany.Because("Over the limit of calls by " + q.name + ". The call was not looked at; repeat it, with its Idempotency-Key if it had one.").After(result.RetryAfter)
	}
	return nil
}

// addToList adds a member to a field that is a list: a call may meet several
// limits.
func addToList(h http.Header, name, member string) {
	if members := h.Get(name); members != "" {
		member = members + ", " + member
	}
	h.Set(name, member)
}

func wholeSeconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }

// limitAddress refuses a call of an address that makes too many. The platform's
// probes are not counted: they decide whether an instance lives.
func (e *Edge) limitAddress(r *http.Request, pattern string, h http.Header) error {
	if isProbe(pattern) {
		return nil
	}
	return e.perAddress.take(r.Context(), Network(r.Context()), h)
}

// limitUser refuses a call of a person who makes too many, from wherever.
func (e *Edge) limitUser(ctx huma.Context, next func(huma.Context)) {
	_, w := humago.Unwrap(ctx)
	if err := e.perUser.take(ctx.Context(), Caller(ctx.Context()).String(), w.Header()); err != nil {
		e.refuse(ctx, err)
		return
	}
	next(ctx)
}

// limitNetwork refuses a call of an address that makes too many of its kind.
func (e *Edge) limitNetwork(limit *Quota) middleware {
	return func(ctx huma.Context, next func(huma.Context)) {
		_, w := humago.Unwrap(ctx)
		if err := limit.take(ctx.Context(), Network(ctx.Context()), w.Header()); err != nil {
			e.refuse(ctx, err)
			return
		}
		next(ctx)
	}
}
