package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"example.com/missionpot/internal/rig/stand"
)

// answerTime is how long a server may take to answer one request.
const answerTime = 30 * time.Second

// rawHTTP calls one server, with a connection for each call under way. It exists because net/http's
// client takes as much of the processors as the server that is to be measured.
type rawHTTP struct {
	host string // and port
	idle chan *rawConn
}

type rawConn struct {
	net.Conn
	in     *bufio.Reader
	buffer []byte
}

// newRawHTTP makes a client of a service for so many calls at once.
func newRawHTTP(service *stand.Service, calls int) *rawHTTP {
	return &rawHTTP{hostOf(service), make(chan *rawConn, calls)}
}

// hostOf returns the host and port of a service.
func hostOf(service *stand.Service) string { return strings.TrimPrefix(service.URL(), "http://") }

// close closes the connections, when no call is under way.
func (c *rawHTTP) close() {
	close(c.idle)
	for conn := range c.idle {
		_ = conn.Close()
	}
}

// call sends a request. Each header ends with a line break.
func (c *rawHTTP) call(ctx context.Context, method, path, headers string, body []byte) (status int, answer []byte, err error) {
	var conn *rawConn
	select {
	case conn = <-c.idle:
	default:
		var dialer net.Dialer
		dialed, err := dialer.DialContext(ctx, "tcp", c.host)
		if err != nil {
			return 0, nil, err
		}
		conn = &rawConn{Conn: dialed, in: bufio.NewReader(dialed)}
	}
	response, answer, err := conn.exchange(method+" "+path+" HTTP/1.1\r\nHost: "+c.host+"\r\n"+headers, body)
	if err != nil {
		return 0, nil, fmt.Errorf("%s %s: %w", method, path, errors.Join(err, conn.Close()))
	}
	if response.Close {
		_ = conn.Close()
	} else {
		c.idle <- conn
	}
	return response.StatusCode, answer, nil
}

func (c *rawConn) exchange(head string, body []byte) (*http.Response, []byte, error) {
	if err := c.SetDeadline(time.Now().Add(answerTime)); err != nil {
		return nil, nil, err
	}
	c.buffer = append(append(c.buffer[:0], head...), "Content-Type: application/json\r\nContent-Length: "...)
	c.buffer = append(strconv.AppendInt(c.buffer, int64(len(body)), 10), "\r\n\r\n"...)
	c.buffer = append(c.buffer, body...)
	if _, err := c.Write(c.buffer); err != nil {
		return nil, nil, err
	}
	response, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return nil, nil, err
	}
	answer, err := io.ReadAll(response.Body)
	return response, answer, err
}
