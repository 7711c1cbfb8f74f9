package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// callTimeout is for one call. Prefer: wait makes some of them last seconds.
const callTimeout = 30 * time.Second

// caller speaks the API's JSON as any client would; nothing of the system is imported.
type caller struct {
	base  string // of the API
	token string // empty for anybody
}

func (c caller) get(ctx context.Context, path string, answer any) error {
	return c.call(ctx, http.MethodGet, path, "", nil, answer)
}

func (c caller) post(ctx context.Context, path string, body, answer any) error {
	return c.call(ctx, http.MethodPost, path, "", body, answer)
}

// postOnce is post with an Idempotency-Key, and waits for the outcome of a bet.
func (c caller) postOnce(ctx context.Context, path, key string, body, answer any) error {
	return c.call(ctx, http.MethodPost, path, key, body, answer)
}

func (c caller) call(ctx context.Context, method, path, key string, body, answer any) error {
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
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
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

func (c caller) request(ctx context.Context, method, path, key string, body any) (*http.Request, error) {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, content)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
		req.Header.Set("Prefer", "wait=10")
	}
	return req, nil
}
