package stand

import (
	"context"
	"fmt"
	"sync"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
)

// flow is one subscription's messages on their way to a function, over one stream that
// stays open however long nothing comes.
//
// The client library's own Receive gives a stream up when the server does not answer its
// pings. The emulator never answers them, and it hands the next message to the stream
// that was given up: after a quiet minute the first message came up to half a minute
// late.
type flow struct {
	pump         *Pump
	subscription string // full name
	url          string
	deadline     time.Duration
	places       chan struct{} // pushes that may be under way
	pushes       sync.WaitGroup
}

// settled is what became of one push.
type settled struct {
	ackID string
	taken bool
}

// run pumps until ctx ends or the stream breaks. Pushes under way may finish then, for a
// while.
func (f *flow) run(ctx context.Context) error {
	lasting, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	stream, err := f.pump.client.SubscriptionAdminClient.StreamingPull(lasting)
	if err != nil {
		return fmt.Errorf("open a stream: %w", err)
	}
	first := &pubsubpb.StreamingPullRequest{
		Subscription: f.subscription, StreamAckDeadlineSeconds: int32(f.deadline / time.Second), MaxOutstandingMessages: int64(cap(f.places)),
	}
	if err := stream.Send(first); err != nil {
		return fmt.Errorf("begin a stream: %w", err)
	}
	done := make(chan settled, cap(f.places))
	sent := make(chan struct{})
	go func() { defer close(sent); answerAll(stream, done) }()
	err = f.pushAll(ctx, receive(lasting, stream), done)
	f.finish(done, sent)
	return err
}

// arrived is what the stream brought: messages, or the error it broke with.
type arrived struct {
	messages []*pubsubpb.ReceivedMessage
	err      error
}

// receive reads the stream until it breaks or ctx ends.
func receive(ctx context.Context, stream pubsubpb.Subscriber_StreamingPullClient) <-chan arrived {
	all := make(chan arrived)
	go func() {
		for {
			response, err := stream.Recv()
			select {
			case all <- arrived{response.GetReceivedMessages(), err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return all
}

// pushAll starts a push for each message until ctx ends or the stream breaks. No push
// starts after it has returned, so that finish can wait for all of them.
func (f *flow) pushAll(ctx context.Context, all <-chan arrived, done chan<- settled) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case a := <-all:
			if a.err != nil {
				return a.err
			}
			for _, m := range a.messages {
				select {
				case <-ctx.Done():
					return ctx.Err()
				case f.places <- struct{}{}:
					f.pushes.Go(func() { f.push(ctx, m, done) })
				}
			}
		}
	}
}

// push pushes one message and reports what became of it.
func (f *flow) push(ctx context.Context, m *pubsubpb.ReceivedMessage, done chan<- settled) {
	defer func() { <-f.places }()
	// Not ctx itself: a push under way outlives the order to stop.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), f.deadline)
	defer cancel()
	done <- settled{m.GetAckId(), f.pump.push(ctx, f.url, f.subscription, m)}
}

// finish lets pushes under way end, and what became of them be said.
func (f *flow) finish(done chan settled, sent <-chan struct{}) {
	ended := make(chan struct{})
	go func() {
		f.pushes.Wait()
		close(done)
		<-sent
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(drainTimeout):
	}
}

// answerAll acknowledges what was taken, and has the rest delivered again, many in one
// request.
func answerAll(stream pubsubpb.Subscriber_StreamingPullClient, done <-chan settled) {
	for s := range done {
		var request pubsubpb.StreamingPullRequest
		add(&request, s)
		for more := true; more && len(request.AckIds)+len(request.ModifyDeadlineAckIds) < maxInFlight; {
			select {
			case s, more = <-done:
				if more {
					add(&request, s)
				}
			default:
				more = false
			}
		}
		// A stream that is broken has its messages delivered again.
		_ = stream.Send(&request)
	}
	_ = stream.CloseSend()
}

func add(to *pubsubpb.StreamingPullRequest, s settled) {
	if s.taken {
		to.AckIds = append(to.AckIds, s.ackID)
		return
	}
	to.ModifyDeadlineAckIds = append(to.ModifyDeadlineAckIds, s.ackID)
	to.ModifyDeadlineSeconds = append(to.ModifyDeadlineSeconds, 0)
}
