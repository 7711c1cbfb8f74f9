package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/google/uuid"
)

// watcher reads a mission's event stream with as little memory as it takes: the watchers share the
// machine with what is measured.
type watcher struct{ lines *bufio.Reader }

// watch opens the stream of a mission until ctx ends.
func (s *system) watch(ctx context.Context, mission uuid.UUID) (*watcher, error) {
	var dialer net.Dialer
	host := hostOf(s.API)
	conn, err := dialer.DialContext(ctx, "tcp", host)
	if err != nil {
		return nil, fmt.Errorf("watch: %w", err)
	}
	context.AfterFunc(ctx, func() { _ = conn.Close() }) // ends a read
	_, err = fmt.Fprintf(conn, "GET /v1/missions/%s/events HTTP/1.1\r\nHost: %s\r\nAccept: text/event-stream\r\n\r\n", mission, host)
	if err != nil {
		return nil, fmt.Errorf("watch: %w", err)
	}
	w := &watcher{bufio.NewReaderSize(conn, 1024)}
	status, err := w.lines.ReadString('\n')
	if err == nil && !strings.HasPrefix(status, "HTTP/1.1 200 ") {
		err = errors.New(strings.TrimSpace(status))
	}
	if err != nil {
		return nil, fmt.Errorf("watch: %w", err)
	}
	return w, nil
}

// next reads up to and including the data of the next event.
func (w *watcher) next() (data string, err error) {
	for {
		line, err := w.lines.ReadString('\n')
		if err != nil {
			return "", fmt.Errorf("a watcher: %w", err)
		}
		if data, is := strings.CutPrefix(line, "data: "); is {
			return data, nil
		}
	}
}
