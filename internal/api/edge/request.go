package edge

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/google/uuid"

	"example.com/missionpot/internal/auth/token"
	"example.com/missionpot/internal/core/fault"
)

const (
	maxBody = 64 << 10 // bytes, of the REST contract
	// CallTime bounds a call; waitTime one that the caller asked to wait.
	CallTime = 15 * time.Second
	waitTime = maxWait + CallTime
	// bodyTime bounds the reading of a body, which keeps a place and a connection. A
	// body of 64 KiB at most that is not here by then is not meant to come.
	bodyTime = 5 * time.Second
)

type contextKey int

const (
	callerKey contextKey = iota
	offerKey
	clientKey
)

// Caller is who the request's token was made for. Only operations with
// SignedIn have one.
func Caller(ctx context.Context) uuid.UUID {
	return Bearer(ctx).User
}

// Bearer is the request's token as it was verified.
func Bearer(ctx context.Context) token.Bearer {
	b, _ := ctx.Value(callerKey).(token.Bearer)
	return b
}

// Accepted is the media type that was agreed on.
func Accepted(ctx context.Context) string {
	offer, _ := ctx.Value(offerKey).(string)
	return offer
}

type middleware = func(huma.Context, func(huma.Context))

// refuse answers with a problem instead of going on.
func (e *Edge) refuse(ctx huma.Context, err error) {
	_, w := humago.Unwrap(ctx)
	e.problem(ctx.Context(), err).write(w)
}

// within bounds the whole call.
func within(limit time.Duration) middleware {
	return func(ctx huma.Context, next func(huma.Context)) {
		bounded, cancel := context.WithTimeout(ctx.Context(), limit)
		defer cancel()
		next(huma.WithContext(ctx, bounded))
	}
}

// authenticate lets only a bearer of a good access token in (RFC 6750).
func (e *Edge) authenticate(ctx huma.Context, next func(huma.Context)) {
	r, _ := humago.Unwrap(ctx)
	if err := onlyOnce(r.Header, "Authorization"); err != nil {
		e.refuse(ctx, err)
		return
	}
	scheme, signed, _ := strings.Cut(ctx.Header("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || strings.TrimSpace(signed) == "" {
		e.refuse(ctx, fault.Unauthenticated.Because("Send the access token as Authorization: Bearer."))
		return
	}
	b, err := e.options.Tokens.Verify(strings.TrimSpace(signed))
	if err != nil {
		e.refuse(ctx, err)
		return
	}
	next(huma.WithValue(ctx, callerKey, b))
}

// admit refuses a token whose sign-in has ended since it was made.
func (e *Edge) admit(ctx huma.Context, next func(huma.Context)) {
	admitted, err := e.options.Admit(ctx.Context(), Bearer(ctx.Context()))
	if err != nil {
		e.refuse(ctx, err)
		return
	}
	next(huma.WithContext(ctx, admitted))
}

// allow lets a caller on who is not refused.
func (e *Edge) allow(check func(context.Context) error) middleware {
	return func(ctx huma.Context, next func(huma.Context)) {
		if err := check(ctx.Context()); err != nil {
			e.refuse(ctx, err)
			return
		}
		next(ctx)
	}
}

// requireKey refuses a call that moves cash and could not be distinguished from its
// own retry.
func (e *Edge) requireKey(ctx huma.Context, next func(huma.Context)) {
	r, _ := humago.Unwrap(ctx)
	key, err := readKey(r.Header)
	if err != nil {
		e.refuse(ctx, err)
		return
	}
	r.Header.Set(keyHeader, key)
	next(ctx)
}

// negotiate agrees on a media type out of the operation's offers.
func (e *Edge) negotiate(offers ...string) middleware {
	return func(ctx huma.Context, next func(huma.Context)) {
		r, _ := humago.Unwrap(ctx)
		offer := prefers(r.Header.Values("Accept"), offers)
		if offer == "" {
			e.refuse(ctx, fault.NotAcceptable.Because("This can be had as "+strings.Join(offers, " or ")+"."))
			return
		}
		next(huma.WithValue(ctx, offerKey, offer))
	}
}

// readBody takes the body in whole, so that what can be wrong with it is
// refused here and not found half way.
func (e *Edge) readBody(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	if err := checkMediaType(r.Header.Get("Content-Type")); err != nil {
		e.refuse(ctx, err)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err == nil { // else the deadline ends the connection too
		_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	}
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		e.refuse(ctx, fault.TooLarge)
		return
	case err != nil:
		e.refuse(ctx, fault.Malformed.Because("The body ended too early.").Wrap(err))
		return
	case isBlank(body):
		e.refuse(ctx, fault.Malformed.On("body", "Send a JSON object."))
		return
	}
	r.Header.Set("Content-Type", "application/json")
	r.Body = io.NopCloser(bytes.NewReader(body))
	next(ctx)
}

// checkMediaType takes JSON, whatever it is called, and what is not named.
func checkMediaType(header string) error {
	if header == "" {
		return nil
	}
	name, params, err := mime.ParseMediaType(header)
	charset := params["charset"]
	json := name == "application/json" || strings.HasPrefix(name, "application/") && strings.HasSuffix(name, "+json")
	if err != nil || !json || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return fault.UnsupportedMedia.Because("The body must be application/json in UTF-8.")
	}
	return nil
}
