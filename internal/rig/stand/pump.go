package stand

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"golang.org/x/sync/errgroup"

	"example.com/missionpot/internal/core/event"
)

const (
	// maxInFlight is how many pushes a subscription has open at most: what the real
	// service ramps to. The emulator's own push stops at two, hence the pump.
	maxInFlight = 1000
	// pumpPause is the wait before a broken stream is opened again.
	pumpPause = time.Second
	// drainTimeout is how long pushes under way may take once the pump is stopped.
	drainTimeout = 5 * time.Second
)

// Pump stands in for Pub/Sub's push: it pulls from every subscription of the pipeline
// and posts each message to its function, in the envelope of a real push. A 2xx acks
// it; anything else, or no answer within the ack deadline, has it delivered again.
type Pump struct {
	client *pubsub.Client
	url    func(function string) string
	http   *http.Client
}

// NewPump makes a pump for the client's project. url gives the address a function is
// served at.
func NewPump(client *pubsub.Client, url func(function string) string) *Pump {
	transport := &http.Transport{MaxIdleConns: 2 * maxInFlight, MaxIdleConnsPerHost: maxInFlight, IdleConnTimeout: time.Minute}
	return &Pump{client: client, url: url, http: &http.Client{Transport: transport}}
}

// Through has every push pass a transport of the caller's, which may delay, repeat,
// redirect or lose it. wrap is given the one that posts it.
func (p *Pump) Through(wrap func(http.RoundTripper) http.RoundTripper) {
	p.http.Transport = wrap(p.http.Transport)
}

// Run pumps until ctx ends, then lets the pushes under way finish. A broken stream is
// logged and opened again.
func (p *Pump) Run(ctx context.Context) {
	var all errgroup.Group
	for _, s := range event.Pipeline() {
		all.Go(func() error {
			p.subscription(ctx, s.Name, s.Function, s.Concurrency, s.AckDeadline)
			return nil
		})
	}
	for _, d := range event.DeadLetters() {
		all.Go(func() error {
			p.subscription(ctx, d.Name, d.Function, maxInFlight, deadAckDeadline)
			return nil
		})
	}
	_ = all.Wait() // none of them returns an error
	p.http.CloseIdleConnections()
}

func (p *Pump) subscription(ctx context.Context, name, function string, concurrency int, deadline time.Duration) {
	f := &flow{
		pump: p, subscription: subscriptionName(p.client, name), url: p.url(function), deadline: deadline,
		places: make(chan struct{}, min(concurrency, maxInFlight)),
	}
	for {
		err := f.run(ctx)
		if ctx.Err() != nil {
			return
		}
		slog.WarnContext(ctx, "a subscription's stream broke; opening it again", "subscription", name, "error", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pumpPause):
		}
	}
}

// push reports whether the function took the message. A refusal is in the
// function's own log; here only an unreachable function is worth a line.
func (p *Pump) push(ctx context.Context, url, subscription string, m *pubsubpb.ReceivedMessage) bool {
	body, err := json.Marshal(envelope(subscription, m))
	if err != nil {
		slog.ErrorContext(ctx, "encode a push", "subscription", subscription, "error", err)
		return false
	}
	status, err := p.post(ctx, url, body)
	if err != nil {
		slog.DebugContext(ctx, "push failed", "subscription", subscription, "message_id", m.GetMessage().GetMessageId(), "error", err)
		return false
	}
	return status/100 == 2
}

func (p *Pump) post(ctx context.Context, url string, body []byte) (status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("make the request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)")
	resp, err := p.http.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	// Read to the end, or the connection can't be used again.
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return 0, err
	}
	return resp.StatusCode, nil
}

// pushEnvelope is the body of a push request, both spellings included:
// https://cloud.google.com/pubsub/docs/push#receive_push
type pushEnvelope struct {
	Message         pushMessage `json:"message"`
	Subscription    string      `json:"subscription"`
	DeliveryAttempt int         `json:"deliveryAttempt,omitempty"`
}

type pushMessage struct {
	Data             []byte            `json:"data,omitempty"` // base64
	Attributes       map[string]string `json:"attributes,omitempty"`
	MessageID        string            `json:"messageId"`
	MessageIDSnake   string            `json:"message_id"`
	PublishTime      time.Time         `json:"publishTime"`
	PublishTimeSnake time.Time         `json:"publish_time"`
}

func envelope(subscription string, received *pubsubpb.ReceivedMessage) pushEnvelope {
	m := received.GetMessage()
	published := m.GetPublishTime().AsTime()
	return pushEnvelope{
		Subscription: subscription, DeliveryAttempt: int(received.GetDeliveryAttempt()),
		Message: pushMessage{
			Data: m.GetData(), Attributes: m.GetAttributes(),
			MessageID: m.GetMessageId(), MessageIDSnake: m.GetMessageId(),
			PublishTime: published, PublishTimeSnake: published,
		},
	}
}
