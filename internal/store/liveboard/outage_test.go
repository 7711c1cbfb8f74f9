package liveboard

import (
	"context"
	"io"
	"net"
	"os"
	"sync"
	"testing"

	"cloud.google.com/go/firestore"
	"github.com/google/uuid"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
)

// wire is a connection to the emulator that can be cut.
type wire struct {
	net.Listener
	mu    sync.Mutex
	conns []net.Conn
}

// newWire forwards connections to the emulator until the test ends.
func newWire(t *testing.T) *wire {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{Listener: listener}
	t.Cleanup(func() {
		_ = listener.Close()
		w.cut()
	})
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", os.Getenv("FIRESTORE_EMULATOR_HOST"))
			if err != nil {
				_ = near.Close()
				continue
			}
			w.mu.Lock()
			w.conns = append(w.conns, near, far)
			w.mu.Unlock()
			go forward(near, far)
			go forward(far, near)
		}
	}()
	return w
}

func forward(to, from net.Conn) {
	_, _ = io.Copy(to, from) // ends when either side is cut
	_ = to.Close()
}

// cut breaks every connection; new ones may be made.
func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.conns {
		_ = c.Close()
	}
	w.conns = nil
}

// listenThrough makes a board's listeners go through a wire.
func (b *Board) listenThrough(t *testing.T, w *wire) {
	t.Helper()
	asOwner := func(ctx context.Context, d *grpc.StreamDesc, cc *grpc.ClientConn, m string, s grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		return s(metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer owner"), d, cc, m, opts...)
	}
	conn, err := grpc.NewClient("passthrough:///"+w.Addr().String(),
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithStreamInterceptor(asOwner))
	if err != nil {
		t.Fatal(err)
	}
	b.listener, err = firestore.NewClient(t.Context(), b.project, option.WithGRPCConn(conn))
	if err != nil {
		t.Fatal(err)
	}
}

func TestRule14ALostConnectionLeavesNoGapInAFeed(t *testing.T) {
	t.Parallel()
	b, w := open(t), newWire(t)
	b.listenThrough(t, w)
	events := story(uuid.New(), 12)
	b.mustWrite(t, events[:2]...)
	mission, streamer := watchMission(t, b, events[0].Mission.ID), watchStreamer(t, b, events[0].Mission.StreamerID)
	next(t, mission)
	next(t, streamer)
	w.cut()
	for i := 2; i < 10; i++ {
		b.mustWrite(t, events[i])
	}
	for _, want := range events[2:10] {
		if got := next(t, mission); got.Revision != want.Revision {
			t.Fatalf("after the cut got event %d, want %d", got.Revision, want.Revision)
		}
	}
	w.cut()
	b.mustWrite(t, events[10:]...)
	for _, want := range events[10:] {
		if got := next(t, mission); got.Revision != want.Revision {
			t.Fatalf("after the second cut got event %d, want %d", got.Revision, want.Revision)
		}
	}
	for last := int64(0); last < 12; {
		last = next(t, streamer).Revision
	}
	b.hubs.expectCounts(t, 2, 2)
}
