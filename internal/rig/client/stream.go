package client

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// AwaitEvent follows the event stream at path from its beginning until an event of the kind comes,
// or ctx ends. It returns an error if the stream ends before.
func (c Client) AwaitEvent(ctx context.Context, path, kind string) (err error) {
	req, err := c.request(ctx, http.MethodGet, path, "", nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "text/event-stream")
	req.Header.Set("Last-Event-ID", "0")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, longestAnswer)) // the error has the status anyway
		return fmt.Errorf("GET %s: %s: %s", path, resp.Status, text)
	}
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		if got, ok := strings.CutPrefix(lines.Text(), "event: "); ok && got == kind {
			return nil
		}
	}
	return fmt.Errorf("GET %s: the stream ended before %q: %w", path, kind, errors.Join(io.ErrUnexpectedEOF, lines.Err()))
}
