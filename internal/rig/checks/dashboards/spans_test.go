package dashboards_test

import (
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"
)

// spanCollector receives the spans that programs send by OTLP.
type spanCollector struct {
	collector.UnimplementedTraceServiceServer
	address string

	mu     sync.Mutex
	traces map[string]map[string]bool // names of spans by trace
}

func newSpanCollector(t *testing.T) *spanCollector {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	c := &spanCollector{address: listener.Addr().String(), traces: map[string]map[string]bool{}}
	server := grpc.NewServer()
	collector.RegisterTraceServiceServer(server, c)
	go func() { _ = server.Serve(listener) }() // ends with Stop
	t.Cleanup(server.Stop)
	return c
}

// env returns the environment that makes a program send its spans here without delay.
func (c *spanCollector) env() []string {
	return []string{"OTEL_TRACES_EXPORTER=otlp", "OTEL_EXPORTER_OTLP_ENDPOINT=http://" + c.address, "OTEL_BSP_SCHEDULE_DELAY=200"}
}

// Export stores the names of spans.
func (c *spanCollector) Export(_ context.Context, r *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, resource := range r.ResourceSpans {
		for _, scope := range resource.ScopeSpans {
			for _, span := range scope.Spans {
				id := string(span.TraceId)
				if c.traces[id] == nil {
					c.traces[id] = map[string]bool{}
				}
				c.traces[id][span.Name] = true
			}
		}
	}
	return &collector.ExportTraceServiceResponse{}, nil
}

// inOneTrace expects one trace with spans of all these names. A span of SQL has the name of the
// first word of its statement.
func (c *spanCollector) inOneTrace(wanted ...string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var nearest []string
	best := -1
	for _, names := range c.traces {
		found := 0
		for _, want := range wanted {
			if names[want] {
				found++
			}
		}
		if found == len(wanted) {
			return nil
		}
		if found > best {
			best, nearest = found, slices.Sorted(maps.Keys(names))
		}
	}
	return fmt.Errorf("of %d traces none has all of %q; the nearest has %q", len(c.traces), wanted, nearest)
}
