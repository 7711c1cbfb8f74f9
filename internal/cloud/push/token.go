package push

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"example.com/missionpot/internal/core/fault"
)

// Tokens checks the token of a push, made for an audience. The error is
// fault.Unauthenticated or fault.Forbidden; any other may pass.
type Tokens interface {
	Check(ctx context.Context, signed, audience string) error
}

// Only passes pushes with a valid token on to a handler. With an empty audience
// the token must be made for the address that was called. A refused push is
// answered 401 or 403 and never reaches the handler.
func Only(tokens Tokens, audience string, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		wanted := audience
		if wanted == "" {
			wanted = "https://" + r.Host
		}
		var refused error = fault.Unauthenticated.Because("The push has no token.")
		if scheme, signed, _ := strings.Cut(r.Header.Get("Authorization"), " "); strings.EqualFold(scheme, "Bearer") && signed != "" {
			refused = tokens.Check(r.Context(), signed, wanted)
		}
		status := http.StatusInternalServerError // Google's keys can't be read: Pub/Sub retries
		switch {
		case refused == nil:
			next(w, r)
			return
		case errors.Is(refused, fault.Unauthenticated):
			status = http.StatusUnauthorized
		case errors.Is(refused, fault.Forbidden):
			status = http.StatusForbidden
		}
		slog.WarnContext(r.Context(), "push refused", "status", status, "error", refused)
		http.Error(w, "push refused", status)
	}
}
