package stand

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"example.com/missionpot/internal/core/event"
)

// TopicOptions changes what MakeTopics makes from the pipeline's table. A zero field
// keeps the table's figure.
type TopicOptions struct {
	// Shorter redelivery lets a test see a message die within seconds.
	MinBackoff, MaxBackoff time.Duration
	AckDeadline            time.Duration // Pub/Sub's least is 10 s
	Attempts               int           // Pub/Sub's least is 5
	// PushTo gives the address Pub/Sub itself pushes a function's messages to. Nil
	// makes pull subscriptions, for a Pump.
	PushTo func(function string) string
}

// MakeTopics makes every topic of the pipeline, every step's subscription with its
// retry and dead-letter policy, and the subscriptions that keep dead letters. The
// figures are event.Pipeline's, as they are for Terraform. What exists is left alone.
func MakeTopics(ctx context.Context, client *pubsub.Client, opts TopicOptions) error {
	for _, topic := range event.Topics() {
		if err := makeTopic(ctx, client, topic); err != nil {
			return err
		}
	}
	for _, dead := range event.DeadLetters() {
		if err := makeTopic(ctx, client, dead.Topic); err != nil {
			return err
		}
		if err := makeSubscription(ctx, client, deadSubscription(client, dead, opts)); err != nil {
			return err
		}
	}
	for _, s := range event.Pipeline() {
		if err := makeSubscription(ctx, client, stepSubscription(client, s, opts)); err != nil {
			return err
		}
	}
	return nil
}

func stepSubscription(client *pubsub.Client, s event.Subscription, opts TopicOptions) *pubsubpb.Subscription {
	return &pubsubpb.Subscription{
		Name:               subscriptionName(client, s.Name),
		Topic:              topicName(client, s.Topic),
		PushConfig:         opts.push(s.Function),
		AckDeadlineSeconds: int32(cmp.Or(opts.AckDeadline, s.AckDeadline) / time.Second),
		RetryPolicy:        opts.retry(s.MinBackoff, s.MaxBackoff),

		MessageRetentionDuration: durationpb.New(s.Retention),
		DeadLetterPolicy: &pubsubpb.DeadLetterPolicy{
			DeadLetterTopic:     topicName(client, s.DeadLetter),
			MaxDeliveryAttempts: int32(cmp.Or(opts.Attempts, s.Attempts)),
		},
	}
}

// Keeping a dead letter is one insert. It is tried for as long as Pub/Sub keeps the
// message, because nothing comes after it.
const (
	deadAckDeadline = 60 * time.Second
	deadMinBackoff  = time.Second
	deadMaxBackoff  = 600 * time.Second
)

func deadSubscription(client *pubsub.Client, d event.Dead, opts TopicOptions) *pubsubpb.Subscription {
	return &pubsubpb.Subscription{
		Name:               subscriptionName(client, d.Name),
		Topic:              topicName(client, d.Topic),
		PushConfig:         opts.push(d.Function),
		AckDeadlineSeconds: int32(cmp.Or(opts.AckDeadline, deadAckDeadline) / time.Second),
		RetryPolicy:        opts.retry(deadMinBackoff, deadMaxBackoff),
	}
}

func (o TopicOptions) push(function string) *pubsubpb.PushConfig {
	if o.PushTo == nil {
		return nil
	}
	return &pubsubpb.PushConfig{PushEndpoint: o.PushTo(function)}
}

func (o TopicOptions) retry(least, most time.Duration) *pubsubpb.RetryPolicy {
	return &pubsubpb.RetryPolicy{
		MinimumBackoff: durationpb.New(cmp.Or(o.MinBackoff, least)),
		MaximumBackoff: durationpb.New(cmp.Or(o.MaxBackoff, most)),
	}
}

func makeTopic(ctx context.Context, client *pubsub.Client, topic event.Topic) error {
	_, err := client.TopicAdminClient.CreateTopic(ctx, &pubsubpb.Topic{Name: topicName(client, topic)})
	if err != nil && status.Code(err) != codes.AlreadyExists {
		return fmt.Errorf("make topic %s: %w", topic, err)
	}
	return nil
}

func makeSubscription(ctx context.Context, client *pubsub.Client, s *pubsubpb.Subscription) error {
	_, err := client.SubscriptionAdminClient.CreateSubscription(ctx, s)
	if err != nil && status.Code(err) != codes.AlreadyExists {
		return fmt.Errorf("make subscription %s: %w", s.Name, err)
	}
	return nil
}

func topicName(client *pubsub.Client, topic event.Topic) string {
	return fmt.Sprintf("projects/%s/topics/%s", client.Project(), topic)
}

func subscriptionName(client *pubsub.Client, name string) string {
	return fmt.Sprintf("projects/%s/subscriptions/%s", client.Project(), name)
}
