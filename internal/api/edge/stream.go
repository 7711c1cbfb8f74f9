package edge

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// StreamType is the media type of server-sent events.
const StreamType = "text/event-stream"

const (
	// heartbeat is how often a silent stream says that it is alive. Proxies
	// commonly drop a connection that is silent for 30 to 60 seconds.
	heartbeat = 15 * time.Second
	// reconnectAfter is how long clients should wait before they connect again,
	// so that a restart does not bring all of them at once.
	reconnectAfter = 2 * time.Second
	// streamWrite is how long one write may take. A client that reads slower than
	// its own kernel buffers fill is dropped.
	streamWrite = 10 * time.Second
)

var stillHere = []byte(": still here\n\n")

// Stream writes server-sent events to one client.
type Stream struct {
	w        http.ResponseWriter
	control  *http.ResponseController
	draining <-chan struct{}
}

// openStream sends the head, so that the client knows that it is connected.
func openStream(w http.ResponseWriter, draining <-chan struct{}) (*Stream, error) {
	h := w.Header()
	h.Set("Content-Type", StreamType)
	h.Set("X-Accel-Buffering", "no") // nginx and its like hold streams back otherwise
	st := &Stream{w: w, control: http.NewResponseController(w), draining: draining}
	// The server's deadline for reading the request would cut the stream off. A
	// writer without deadlines, as in a test, needs none.
	_ = st.control.SetReadDeadline(time.Time{})
	return st, st.Send(fmt.Appendf(nil, "retry: %d\n\n", reconnectAfter.Milliseconds()))
}

// Send writes what [Event] has made.
func (st *Stream) Send(text []byte) error {
	// A writer without deadlines, as in a test, writes without one.
	_ = st.control.SetWriteDeadline(time.Now().Add(streamWrite))
	if _, err := st.w.Write(text); err != nil {
		return err
	}
	return st.control.Flush()
}

// Answer is an answer that its handler writes by itself.
type Answer struct {
	Body func(huma.Context)
}

// JSON answers with a value.
func JSON(value any) *Answer {
	return &Answer{Body: func(ctx huma.Context) {
		_, w := humago.Unwrap(ctx)
		w.Header().Set("Content-Type", JSONType)
		// A client that has gone needs no body.
		_ = write(w, value)
	}}
}

// NoContent answers with nothing, on which browsers end a stream for good.
func NoContent() *Answer {
	return &Answer{Body: func(ctx huma.Context) { ctx.SetStatus(http.StatusNoContent) }}
}

// Streaming is an answer that runs as long as its client stays. At its end, ended
// is called, whatever has become of it.
func (e *Edge) Streaming(ended func(), run func(context.Context, *Stream) error) *Answer {
	return &Answer{Body: func(hc huma.Context) {
		defer ended()
		r, w := humago.Unwrap(hc)
		if r.Method == http.MethodHead {
			w.Header().Set("Content-Type", StreamType)
			return
		}
		defer e.metrics.watching(r.Context())()
		st, err := openStream(w, e.options.Draining)
		if err == nil {
			err = run(r.Context(), st)
		}
		if err != nil && r.Context().Err() == nil {
			e.log.InfoContext(r.Context(), "stream ended", "error", err)
		}
	}}
}

// Follow sends what comes until the client leaves, the channel is closed, sending
// fails or the instance stops.
func Follow[E any](ctx context.Context, st *Stream, events <-chan E, send func(E) error) error {
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		var err error
		select {
		case e, ok := <-events:
			if !ok {
				return nil
			}
			err = send(e)
		case <-beat.C:
			err = st.Send(stillHere)
		case <-ctx.Done():
			return ctx.Err()
		case <-st.draining:
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// Event writes one server-sent event. Without an id, clients keep the last one.
func Event(id, kind string, data any) ([]byte, error) {
	body, err := Marshal(data)
	if err != nil {
		return nil, err
	}
	var text []byte
	if id != "" {
		text = append(append(text, "id: "...), id...)
		text = append(text, '\n')
	}
	text = append(append(text, "event: "...), kind...)
	text = append(append(text, "\ndata: "...), body...)
	return append(text, "\n\n"...), nil
}
