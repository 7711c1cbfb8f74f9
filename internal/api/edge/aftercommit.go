package edge

import (
	"context"
	"time"
)

// commitTime bounds what must be done after a commit.
const commitTime = 10 * time.Second

// AfterCommit is a context that goes on although the client may have gone: what
// was committed must be followed up.
func AfterCommit(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), commitTime)
}
