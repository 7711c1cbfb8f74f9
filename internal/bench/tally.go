package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"strings"
	"sync"

	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
)

// tally is a proxy between a program and one of Google's emulators. It forwards every gRPC message
// unchanged, and counts what Google would bill.
type tally struct {
	host   string // address for the program: host:port
	server *grpc.Server
	behind *grpc.ClientConn

	mu   sync.Mutex
	bill bill
}

// bill is what was used so far. For Firestore, each document that is written or read counts, and a
// query that finds nothing counts as one read (https://cloud.google.com/firestore/pricing).
type bill struct {
	writes, reads float64
	// published is the volume of Pub/Sub, by topic.
	published map[string]volume
}

// volume is what was published: a request counts as pubsubLeast bytes at least, and
// a message is delivered in a request of its own.
type volume struct{ messages, sent, delivered float64 }

// startTally counts what goes to the emulator at behind, until it is closed.
func startTally(behind string) (*tally, error) {
	conn, err := grpc.NewClient(behind, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(rawCodec{}), grpc.MaxCallRecvMsgSize(maxMessage)))
	if err != nil {
		return nil, fmt.Errorf("reach %s: %w", behind, err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("listen for a tally: %w", err), conn.Close())
	}
	t := &tally{host: listener.Addr().String(), behind: conn, bill: bill{published: map[string]volume{}}}
	t.server = grpc.NewServer(grpc.ForceServerCodecV2(rawCodec{}), grpc.UnknownServiceHandler(t.forward), grpc.MaxRecvMsgSize(maxMessage))
	go func() { _ = t.server.Serve(listener) }() // only close ends it
	return t, nil
}

// maxMessage is Firestore's largest answer and more, in bytes.
const maxMessage = 64 << 20

func (t *tally) close() error {
	t.server.Stop()
	return t.behind.Close()
}

// so returns what has been used so far.
func (t *tally) so() bill {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := t.bill
	b.published = maps.Clone(t.bill.published)
	return b
}

// forward forwards one call, in both directions at once.
func (t *tally) forward(_ any, in grpc.ServerStream) error {
	method, _ := grpc.MethodFromServerStream(in)
	headers, _ := metadata.FromIncomingContext(in.Context())
	ctx, cancel := context.WithCancel(metadata.NewOutgoingContext(in.Context(), headers.Copy()))
	defer cancel()
	out, err := t.behind.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, method)
	if err != nil {
		return err
	}
	c := &billed{method: method}
	go func() {
		if t.up(in, out, c) != nil {
			cancel()
		}
	}()
	if err := down(out, in, c); err != nil {
		return err
	}
	t.count(c)
	return nil
}

// billed is a call and what may have a price in it.
type billed struct {
	method string

	mu       sync.Mutex
	requests [][]byte
	reads    float64
}

// up forwards the requests.
func (t *tally) up(in grpc.ServerStream, out grpc.ClientStream, c *billed) error {
	for {
		var f frame
		err := in.RecvMsg(&f)
		if errors.Is(err, io.EOF) {
			return out.CloseSend()
		}
		if err != nil {
			return err
		}
		c.mu.Lock()
		c.requests = append(c.requests, f.bytes)
		c.mu.Unlock()
		if err := out.SendMsg(&f); err != nil {
			return err
		}
	}
}

// down forwards the answers, until the call's end.
func down(out grpc.ClientStream, in grpc.ServerStream, c *billed) error {
	defer func() { in.SetTrailer(out.Trailer()) }()
	headers, err := out.Header()
	if err != nil {
		return err
	}
	if err := in.SendHeader(headers); err != nil {
		return err
	}
	for {
		var f frame
		err := out.RecvMsg(&f)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		c.answered(f.bytes)
		if err := in.SendMsg(&f); err != nil {
			return err
		}
	}
}

// answered counts the documents of an answer.
func (c *billed) answered(answer []byte) {
	switch {
	case strings.HasSuffix(c.method, "/RunQuery"):
		var m firestorepb.RunQueryResponse
		if proto.Unmarshal(answer, &m) == nil && m.GetDocument() != nil {
			c.reads++
		}
	case strings.HasSuffix(c.method, "/BatchGetDocuments"):
		var m firestorepb.BatchGetDocumentsResponse
		if proto.Unmarshal(answer, &m) == nil && m.GetResult() != nil {
			c.reads++
		}
	}
}

// count adds a call that succeeded to the bill.
func (t *tally) count(c *billed) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if strings.HasSuffix(c.method, "/RunQuery") {
		c.reads = max(c.reads, 1)
	}
	t.bill.reads += c.reads
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, request := range c.requests {
		switch {
		case strings.HasSuffix(c.method, "/Commit"):
			var m firestorepb.CommitRequest
			if proto.Unmarshal(request, &m) == nil {
				t.bill.writes += float64(len(m.GetWrites()))
			}
		case strings.HasSuffix(c.method, "/BatchWrite"):
			var m firestorepb.BatchWriteRequest
			if proto.Unmarshal(request, &m) == nil {
				t.bill.writes += float64(len(m.GetWrites()))
			}
		case strings.HasSuffix(c.method, "Publisher/Publish"):
			var m pubsubpb.PublishRequest
			if proto.Unmarshal(request, &m) == nil {
				t.published(&m)
			}
		}
	}
}

func (t *tally) published(m *pubsubpb.PublishRequest) {
	topic := m.GetTopic()[strings.LastIndexByte(m.GetTopic(), '/')+1:]
	v := t.bill.published[topic]
	sent := 0.0
	for _, message := range m.GetMessages() {
		size := float64(len(message.GetData()) + idAndTime)
		for name, value := range message.GetAttributes() {
			size += float64(len(name) + len(value))
		}
		sent += size
		v.messages++
		v.delivered += max(size, pubsubLeast)
	}
	v.sent += max(sent, pubsubLeast)
	t.bill.published[topic] = v
}

// idAndTime is what Pub/Sub adds to a message's size: its time, 20 bytes, and its id
// (https://cloud.google.com/pubsub/pricing).
const idAndTime = 40

// frame is a message that is not decoded.
type frame struct{ bytes []byte }

// rawCodec leaves messages as they are. It has the usual codec's name, because both sides use that
// one.
type rawCodec struct{}

func (rawCodec) Name() string { return "proto" }

func (rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	f, ok := v.(*frame)
	if !ok {
		return nil, fmt.Errorf("a tally carries frames, not %T", v)
	}
	return mem.BufferSlice{mem.SliceBuffer(f.bytes)}, nil
}

func (rawCodec) Unmarshal(data mem.BufferSlice, v any) error {
	f, ok := v.(*frame)
	if !ok {
		return fmt.Errorf("a tally carries frames, not %T", v)
	}
	f.bytes = data.Materialize()
	return nil
}
