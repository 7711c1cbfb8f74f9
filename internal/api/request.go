package api

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

	"example.com/missionpot/internal/account"
	"example.com/missionpot/internal/fault"
	"example.com/missionpot/internal/token"
)

const (
	maxBody = 64 << 10 // bytes, of the REST contract
	// callTime bounds a call; waitTime one that the caller asked to wait.
	callTime = 15 * time.Second
	waitTime = maxWait + callTime
	// bodyTime bounds the reading of a body, which keeps a place.
	bodyTime = 5 * time.Second
)

type contextKey int

const (
	callerKey contextKey = iota
	walletKey
	offerKey
	addressKey
)

// caller is who the request's token was made for. Only operations with
// signedIn have one.
func caller(ctx context.Context) uuid.UUID {
	return bearer(ctx).User
}

// bearer is the request's token as it was verified.
func bearer(ctx context.Context) token.Bearer {
	b, _ := ctx.Value(callerKey).(token.Bearer)
	return b
}

// wallet is the caller's, as it was when the call came.
func wallet(ctx context.Context) account.Wallet {
	w, _ := ctx.Value(walletKey).(account.Wallet)
	return w
}

// accepted is the media type that was agreed on.
func accepted(ctx context.Context) string {
	offer, _ := ctx.Value(offerKey).(string)
	return offer
}

type middleware = func(huma.Context, func(huma.Context))

// refuse answers with a problem instead of going on.
func (s *server) refuse(ctx huma.Context, err error) {
	_, w := humago.Unwrap(ctx)
	s.problem(ctx.Context(), err).write(w)
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
func (s *server) authenticate(ctx huma.Context, next func(huma.Context)) {
	r, _ := humago.Unwrap(ctx)
	if err := onlyOnce(r.Header, "Authorization"); err != nil {
		s.refuse(ctx, err)
		return
	}
	scheme, signed, _ := strings.Cut(ctx.Header("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || strings.TrimSpace(signed) == "" {
		s.refuse(ctx, fault.Unauthenticated.Because("Send the access token as Authorization: Bearer."))
		return
	}
	b, err := s.Tokens.Verify(strings.TrimSpace(signed))
	if err != nil {
		s.refuse(ctx, err)
		return
	}
	next(huma.WithValue(ctx, callerKey, b))
}

// requireCurrent refuses a token of somebody whose sign-ins have all ended since it was
// made: by a changed password, signing out everywhere, a copied refresh token or
// leaving. The wallet is read with it, because a call that moves cash looks at that
// anyway; calls of many people at once share a read.
func (s *server) requireCurrent(ctx huma.Context, next func(huma.Context)) {
	b := bearer(ctx.Context())
	w, err := s.wallets.Do(ctx.Context(), b.User)
	if err == nil && w.Generation != b.Generation {
		err = fault.Unauthenticated.Because("The sign-in of this access token has ended; sign in.")
	}
	if err != nil {
		s.refuse(ctx, err)
		return
	}
	next(huma.WithValue(ctx, walletKey, w))
}

func (s *server) readWallets(ctx context.Context, users []uuid.UUID) ([]account.Wallet, error) {
	return s.Books.Wallets(ctx, users)
}

// requireOperator lets operators in only. The token tells who never was one, for
// nothing; the database tells who is one no more, at once.
func (s *server) requireOperator(ctx huma.Context, next func(huma.Context)) {
	b := bearer(ctx.Context())
	is := b.Has(account.Operator)
	if is {
		var err error
		if is, err = s.Operators.IsOperator(ctx.Context(), b.User); err != nil {
			s.refuse(ctx, err)
			return
		}
	}
	if !is {
		s.refuse(ctx, fault.Forbidden.Because("Only an operator may do this."))
		return
	}
	on, _, err := s.Factors.Factor(ctx.Context(), b.User)
	if err == nil && !on {
		err = fault.Forbidden.Because("An operator needs a second factor. Turn one on first.")
	}
	if err != nil {
		s.refuse(ctx, err)
		return
	}
	next(ctx)
}

// refuseOperator keeps operators from cash. Their account never has any, the
// database sees to that; here they are told so.
func (s *server) refuseOperator(ctx huma.Context, next func(huma.Context)) {
	if bearer(ctx.Context()).Has(account.Operator) {
		s.refuse(ctx, fault.OperatorCash.Because(""))
		return
	}
	next(ctx)
}

// requireKey refuses a call that moves cash and could not be distinguished from its
// own retry.
func (s *server) requireKey(ctx huma.Context, next func(huma.Context)) {
	r, _ := humago.Unwrap(ctx)
	key, err := readKey(r.Header)
	if err != nil {
		s.refuse(ctx, err)
		return
	}
	r.Header.Set(keyHeader, key)
	next(ctx)
}

// negotiate agrees on a media type out of the operation's offers.
func (s *server) negotiate(offers ...string) middleware {
	return func(ctx huma.Context, next func(huma.Context)) {
		r, _ := humago.Unwrap(ctx)
		offer := prefers(r.Header.Values("Accept"), offers)
		if offer == "" {
			s.refuse(ctx, fault.NotAcceptable.Because("This can be had as "+strings.Join(offers, " or ")+"."))
			return
		}
		next(huma.WithValue(ctx, offerKey, offer))
	}
}

// readBody takes the body in whole, so that what can be wrong with it is
// refused here and not found half way.
func (s *server) readBody(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	if err := checkMediaType(r.Header.Get("Content-Type")); err != nil {
		s.refuse(ctx, err)
		return
	}
	// A body of 64 KiB at most that is not here by then is not meant to come.
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(bodyTime)) // a writer without deadlines, as in a test, needs none
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err == nil { // else it ends the connection too
		_ = control.SetReadDeadline(time.Time{})
	}
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		s.refuse(ctx, fault.TooLarge.Because(""))
		return
	case err != nil:
		s.refuse(ctx, fault.Malformed.Because("The body ended too early.").Wrap(err))
		return
	case isBlank(body):
		s.refuse(ctx, fault.Malformed.On("body", "Send a JSON object."))
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
