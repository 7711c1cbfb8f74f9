package bench

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// answerTime is how long a server may take to answer one request.
const answerTime = 30 * time.Second

// rawHTTP posts over one connection that is kept open. It knows just enough of
// HTTP/1.1 for the answers of a load test. It exists because net/http's client
// takes as much of the processors as the server that is to be measured.
type rawHTTP struct {
	conn   net.Conn
	in     *bufio.Reader
	head   []byte // of every request, without its length
	buffer []byte
}

// dialHTTP connects to a port of this machine, to post to one path.
func dialHTTP(ctx context.Context, port int, path string, headers ...string) (*rawHTTP, error) {
	var dialer net.Dialer
	host := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	conn, err := dialer.DialContext(ctx, "tcp", host)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	head := "POST " + path + " HTTP/1.1\r\nHost: " + host + "\r\nContent-Type: application/json\r\n"
	for _, h := range headers {
		head += h + "\r\n"
	}
	return &rawHTTP{conn: conn, in: bufio.NewReaderSize(conn, 4096), head: []byte(head)}, nil
}

func (c *rawHTTP) close() { _ = c.conn.Close() }

// post sends a body, with further headers, and expects a status.
func (c *rawHTTP) post(ctx context.Context, body []byte, want int, headers ...string) error {
	deadline := time.Now().Add(answerTime)
	if earlier, ok := ctx.Deadline(); ok && earlier.Before(deadline) {
		deadline = earlier
	}
	if err := c.conn.SetDeadline(deadline); err != nil {
		return err
	}
	c.buffer = append(c.buffer[:0], c.head...)
	for _, h := range headers {
		c.buffer = append(append(c.buffer, h...), "\r\n"...)
	}
	c.buffer = append(c.buffer, "Content-Length: "...)
	c.buffer = append(strconv.AppendInt(c.buffer, int64(len(body)), 10), "\r\n\r\n"...)
	c.buffer = append(c.buffer, body...)
	if _, err := c.conn.Write(c.buffer); err != nil {
		return fmt.Errorf("post: %w", err)
	}
	status, answer, err := c.answer()
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	if status != want {
		return fmt.Errorf("status %d, want %d: %s", status, want, answer)
	}
	return nil
}

// answer reads one answer. It returns the body only if the answer states its length.
func (c *rawHTTP) answer() (status int, body []byte, err error) {
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return 0, nil, err
	}
	if len(line) < len("HTTP/1.1 200") {
		return 0, nil, fmt.Errorf("not HTTP: %q", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, nil, fmt.Errorf("not HTTP: %q", line)
	}
	length := 0
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return 0, nil, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		if name, value, _ := bytes.Cut(line, []byte(":")); bytes.EqualFold(name, []byte("Content-Length")) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return 0, nil, fmt.Errorf("length of the answer: %w", err)
			}
		}
	}
	body = make([]byte, length)
	_, err = io.ReadFull(c.in, body)
	return status, body, err
}
