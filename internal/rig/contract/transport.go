package contract

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Transport makes calls through next and reports every one that is not as
// documented. An answer is read to its end before it is returned, except for an
// event stream, of which only the head is compared.
func (c *Contract) Transport(next http.RoundTripper, report func(error)) http.RoundTripper {
	return transport{contract: c, next: next, report: report}
}

type transport struct {
	contract *Contract
	next     http.RoundTripper
	report   func(error)
}

// RoundTrip is of http.RoundTripper.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	sent, r, err := readRequest(r)
	if err != nil {
		return nil, err
	}
	answer, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	got := call{request: r, sent: sent, answer: answer, headOnly: r.Method == http.MethodHead}
	if strings.HasPrefix(answer.Header.Get("Content-Type"), "text/event-stream") {
		got.headOnly = true
	} else if got.received, err = readAnswer(answer); err != nil {
		return nil, err
	}
	if err := t.contract.check(got); err != nil {
		t.report(err)
	}
	return answer, nil
}

// readRequest reads the body and returns a request that has it again: a
// RoundTripper must not change the one it is given.
func readRequest(r *http.Request) ([]byte, *http.Request, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, r, nil
	}
	sent, err := io.ReadAll(r.Body)
	if err := errors.Join(err, r.Body.Close()); err != nil {
		return nil, nil, fmt.Errorf("read the request: %w", err)
	}
	again := r.Clone(r.Context())
	again.Body = io.NopCloser(bytes.NewReader(sent))
	return sent, again, nil
}

func readAnswer(answer *http.Response) ([]byte, error) {
	received, err := io.ReadAll(answer.Body)
	if err := errors.Join(err, answer.Body.Close()); err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	answer.Body = io.NopCloser(bytes.NewReader(received))
	return received, nil
}
