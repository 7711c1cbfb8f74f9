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

// watch opens an event stream with as little memory as it takes: the watchers
// share the machine with what is measured.
func watch(ctx context.Context, url string, missionID uuid.UUID) (net.Conn, *bufio.Reader, error) {
	address := strings.TrimPrefix(url, "http://")
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, nil, fmt.Errorf("watch: %w", err)
	}
	_, err = fmt.Fprintf(conn, "GET /v1/missions/%s/events HTTP/1.1\r\nHost: %s\r\nAccept: text/event-stream\r\n\r\n", missionID, address)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("watch: %w", err), conn.Close())
	}
	lines := bufio.NewReaderSize(conn, 1024)
	status, err := lines.ReadString('\n')
	if err == nil && !strings.HasPrefix(status, "HTTP/1.1 200 ") {
		err = errors.New(strings.TrimSpace(status))
	}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("watch: %w", err), conn.Close())
	}
	return conn, lines, nil
}

// nextEvent reads up to and including the data of the next event.
func nextEvent(lines *bufio.Reader) (data string, err error) {
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return "", err
		}
		if data, is := strings.CutPrefix(line, "data: "); is {
			return data, nil
		}
	}
}
