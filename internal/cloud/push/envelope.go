package push

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"time"
)

// MaxBody is the largest push request that is read, in bytes. Pub/Sub's own
// limit is 10 MB a message; ours are under a kilobyte, and a title of 100
// characters can't make one larger than this.
const MaxBody = 1 << 20

// usualBody holds a whole push of ours and what a read needs beyond it, in bytes.
const usualBody = 2 << 10

// Delivery is one message as Pub/Sub pushed it.
type Delivery struct {
	MessageID    string
	Subscription string // projects/P/subscriptions/S
	PublishTime  time.Time
	Attributes   map[string]string
	Data         []byte
	Attempt      int // 1 for the first delivery; 0 where the subscription has no dead-letter policy
}

// envelope is the JSON of a push request:
// https://cloud.google.com/pubsub/docs/push#receive_push
type envelope struct {
	Message *struct {
		Data        []byte            `json:"data"` // base64
		Attributes  map[string]string `json:"attributes"`
		MessageID   string            `json:"messageId"`
		PublishTime time.Time         `json:"publishTime"`
	} `json:"message"`
	Subscription    string `json:"subscription"`
	DeliveryAttempt int    `json:"deliveryAttempt"`
}

// Read reads the envelope of a push request. An error means that the request
// is not a push.
func Read(w http.ResponseWriter, r *http.Request) (Delivery, error) {
	if r.Method != http.MethodPost {
		return Delivery{}, fmt.Errorf("a push is a POST, this is a %s", r.Method)
	}
	if err := notFromAPage(r.Header); err != nil {
		return Delivery{}, err
	}
	body := bytes.NewBuffer(make([]byte, 0, usualBody))
	if _, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, MaxBody)); err != nil {
		return Delivery{}, fmt.Errorf("read the push: %w", err)
	}
	var e envelope
	if err := json.Unmarshal(body.Bytes(), &e); err != nil {
		return Delivery{}, fmt.Errorf("decode the push: %w", err)
	}
	if e.Message == nil || e.Message.MessageID == "" {
		return Delivery{}, errors.New("the push has no message")
	}
	return Delivery{
		MessageID: e.Message.MessageID, Subscription: e.Subscription, PublishTime: e.Message.PublishTime,
		Attributes: e.Message.Attributes, Data: e.Message.Data, Attempt: e.DeliveryAttempt,
	}, nil
}

// notFromAPage refuses what a browser sends for a web page. On one machine
// pushes have no token, and any page that is open in a browser there could send
// one. Browsers say where a POST comes from and Pub/Sub does not, and a page
// can't send JSON to another origin without a preflight request.
func notFromAPage(h http.Header) error {
	for _, name := range []string{"Origin", "Sec-Fetch-Site"} {
		if h.Get(name) != "" {
			return fmt.Errorf("a web page sent this: it has the header %s", name)
		}
	}
	if kind := h.Get("Content-Type"); kind != "" {
		if name, _, err := mime.ParseMediaType(kind); err != nil || name != "application/json" {
			return errors.New("a push is JSON")
		}
	}
	return nil
}
