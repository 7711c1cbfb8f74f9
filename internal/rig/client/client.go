// Package client uses the API's JSON as any outside client would: it imports nothing of the system.
// The demo and the smoke test use it, so that both see what a user sees.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

const (
	// callTimeout bounds one call. Prefer: wait makes some calls take seconds, and the first call
	// to an idle service waits for its start.
	callTimeout = 30 * time.Second
	// longestAnswer is how much of an answer is read, in bytes. The longest answer is a page of a
	// hundred items.
	longestAnswer = 1 << 20
)

// Client is one caller of the API.
type Client struct {
	Base  string // address of the API, without a slash at its end
	Token string // access token; empty for anybody
}

// Get reads path into answer, which may be nil.
func (c Client) Get(ctx context.Context, path string, answer any) error {
	return c.call(ctx, http.MethodGet, path, "", nil, answer)
}

// Post sends body, which may be nil, and reads the answer.
func (c Client) Post(ctx context.Context, path string, body, answer any) error {
	return c.call(ctx, http.MethodPost, path, "", body, answer)
}

// PostOnce is Post with an Idempotency-Key, and waits for the outcome of a bet.
func (c Client) PostOnce(ctx context.Context, path, key string, body, answer any) error {
	return c.call(ctx, http.MethodPost, path, key, body, answer)
}

func (c Client) call(ctx context.Context, method, path, key string, body, answer any) (err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	req, err := c.request(ctx, method, path, key, body)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, longestAnswer))
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, text)
	}
	if answer == nil {
		return nil
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	return nil
}

func (c Client) request(ctx context.Context, method, path, key string, body any) (*http.Request, error) {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.Base+path, content)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.Token)
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
		req.Header.Set("Prefer", "wait=10")
	}
	return req, nil
}
