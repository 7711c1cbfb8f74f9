// Package bus publishes events to Google Cloud Pub/Sub. It is the only package that
// knows the publishing side of that SDK; receiving needs none, because Pub/Sub pushes
// by HTTP.
//
// It exists so that a caller can rely on a publish: Publish returns nil only
// when the service has every message (rule 19: publish results are awaited).
package bus

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"github.com/google/uuid"
	"go.opentelemetry.io/otel/propagation"
	"google.golang.org/api/option"

	"example.com/missionpot/internal/core/event"
)

const (
	// publishTimeout bounds one call of Publish. Half of the shortest handler time-out
	// (20 s) leaves a step the time to answer when publishing hangs.
	publishTimeout = 10 * time.Second
	// batchDelay is how long a message waits for others. The library's 10 ms
	// would be most of the latency of a single bet.
	batchDelay = time.Millisecond
	// batchSize is the service's own limit of messages in a request.
	batchSize = 1000
	// maxWaiting and maxWaitingBytes bound what is buffered for a topic. A
	// caller beyond them waits, so memory does not grow.
	maxWaiting      = 10_000
	maxWaitingBytes = 32 << 20
)

// Bus publishes to the topics of one project. It is safe for concurrent use.
type Bus struct {
	client     *pubsub.Client
	publishers map[event.Topic]*pubsub.Publisher
}

// Open connects to Pub/Sub of the project, or to the emulator when
// PUBSUB_EMULATOR_HOST is set; options can name another place. It makes no call: the
// topics must exist by the time of the first Publish.
func Open(ctx context.Context, projectID string, options ...option.ClientOption) (*Bus, error) {
	client, err := pubsub.NewClient(ctx, projectID, options...)
	if err != nil {
		return nil, fmt.Errorf("open Pub/Sub: %w", err)
	}
	b := &Bus{client: client, publishers: map[event.Topic]*pubsub.Publisher{}}
	for _, topic := range event.Topics() {
		publisher := client.Publisher(string(topic))
		publisher.PublishSettings.DelayThreshold = batchDelay
		publisher.PublishSettings.CountThreshold = batchSize
		publisher.PublishSettings.Timeout = publishTimeout
		publisher.PublishSettings.FlowControlSettings = pubsub.FlowControlSettings{
			MaxOutstandingMessages: maxWaiting,
			MaxOutstandingBytes:    maxWaitingBytes,
			LimitExceededBehavior:  pubsub.FlowControlBlock,
		}
		b.publishers[topic] = publisher
	}
	return b, nil
}

// Publish sends every event to its topic and waits, at most ten seconds, until the
// service has taken them all. On an error some may have been sent, and all may be
// published again, because the steps are idempotent. The trace in ctx travels in
// the attribute traceparent.
func (b *Bus) Publish(ctx context.Context, events ...event.Event) error {
	messages := make([]message, len(events))
	for i, e := range events {
		data, err := json.Marshal(e)
		if err != nil {
			return fmt.Errorf("encode %s: %w", e.Type(), err)
		}
		messages[i] = message{topic: e.Topic(), data: data, attributes: attributes(ctx, e)}
	}
	return b.send(ctx, messages)
}

// PublishRaw sends a message as it was, to redrive a dead letter. It waits like
// Publish does.
func (b *Bus) PublishRaw(ctx context.Context, topic event.Topic, data []byte, attributes map[string]string) error {
	return b.send(ctx, []message{{topic: topic, data: data, attributes: attributes}})
}

// Close sends what is buffered and frees the connection. Publish must not be called
// afterwards.
func (b *Bus) Close() error {
	for _, publisher := range b.publishers {
		publisher.Stop()
	}
	if err := b.client.Close(); err != nil {
		return fmt.Errorf("close Pub/Sub: %w", err)
	}
	return nil
}

type message struct {
	topic      event.Topic
	data       []byte
	attributes map[string]string
}

func (b *Bus) send(ctx context.Context, messages []message) error {
	ctx, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	results := make([]*pubsub.PublishResult, len(messages))
	for i, m := range messages {
		publisher, ok := b.publishers[m.topic]
		if !ok {
			return fmt.Errorf("publish: %q is not a topic of the pipeline", m.topic)
		}
		results[i] = publisher.Publish(ctx, &pubsub.Message{Data: m.data, Attributes: m.attributes})
	}
	var first error
	failed := 0
	for i, result := range results {
		if _, err := result.Get(ctx); err != nil {
			failed++
			if first == nil {
				first = fmt.Errorf("topic %s: %w", messages[i].topic, err) // #nosec G602 -- a result for each message
			}
		}
	}
	if first != nil {
		return fmt.Errorf("publish: %d of %d messages not confirmed, the first to %w", failed, len(messages), first)
	}
	return nil
}

func attributes(ctx context.Context, e event.Event) map[string]string {
	all := propagation.MapCarrier{event.AttributeType: string(e.Type())}
	if id := e.Mission(); id != uuid.Nil {
		all[event.AttributeMission] = id.String()
	}
	propagation.TraceContext{}.Inject(ctx, all)
	return all
}
