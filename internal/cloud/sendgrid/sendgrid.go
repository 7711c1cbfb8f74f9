package sendgrid

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	netmail "net/mail"
	"net/url"
	"strings"
	"time"

	"github.com/sendgrid/rest"
	"github.com/sendgrid/sendgrid-go"
	"github.com/sendgrid/sendgrid-go/helpers/mail"

	"example.com/missionpot/internal/core/mailtext"
)

// timeout bounds one call. SendGrid accepts a mail within a second; a call that takes ten has
// failed, and a retry will succeed.
const timeout = 10 * time.Second

// endpoint is SendGrid's Mail Send call:
// https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send
const endpoint = "/v3/mail/send"

// SendGrid sends mails through one account. Make one with New.
type SendGrid struct {
	request rest.Request // without a body
	client  *rest.Client
	from    *mail.Email
}

// New makes a sender. The host is SendGrid's, or one with the same API; from is an RFC 5322
// address, which may carry a name. Calls share at most the given number of connections.
func New(apiKey, host, from string, connections int) (*SendGrid, error) {
	sender, err := netmail.ParseAddress(from)
	if err != nil {
		return nil, fmt.Errorf("mail: the sender's address: %w", err)
	}
	at, err := url.Parse(host)
	if err != nil || at.Host == "" || (at.Scheme != "https" && at.Scheme != "http") {
		return nil, fmt.Errorf("mail: the host %q is not an http or https URL", host)
	}
	transport, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return nil, errors.New("mail: the default transport was replaced")
	}
	transport = transport.Clone()
	transport.MaxConnsPerHost, transport.MaxIdleConnsPerHost = connections, connections
	request := sendgrid.GetRequest(apiKey, endpoint, strings.TrimSuffix(host, "/"))
	request.Method = rest.Post
	return &SendGrid{
		request: request,
		client:  &rest.Client{HTTPClient: &http.Client{Transport: transport, Timeout: timeout, CheckRedirect: stay}},
		from:    mail.NewEmail(sender.Name, sender.Address),
	}, nil
}

// stay follows no redirect: the key and the address go only to the configured host.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Send sends one mail. The error wraps mailtext.ErrRefused if the same mail would be refused again;
// any other error may be temporary.
func (s *SendGrid) Send(ctx context.Context, l mailtext.Mail) error {
	request := s.request
	request.Body = mail.GetRequestBody(s.message(l))
	response, err := s.client.SendWithContext(ctx, request)
	if err != nil {
		return fmt.Errorf("mail: send: %w", err)
	}
	return verdict(response)
}

func (s *SendGrid) message(l mailtext.Mail) *mail.SGMailV3 {
	person := mail.NewPersonalization()
	person.AddTos(mail.NewEmail("", l.To))
	for name, id := range l.IDs {
		person.SetCustomArg(name, id)
	}
	m := mail.NewV3Mail()
	m.SetFrom(s.from)
	m.Subject = l.Subject
	m.AddPersonalizations(person)
	m.AddContent(mail.NewContent("text/plain", l.Text), mail.NewContent("text/html", l.HTML))
	m.AddCategories(string(l.Kind))
	return m
}

// verdict classifies SendGrid's answers. A wrong key (401), a missing permission (403), a time-out
// (408) and too many calls (429) are problems of this system, and a retry succeeds once they are
// fixed; other 4xx are problems of the mail itself.
func verdict(response *rest.Response) error {
	status := response.StatusCode
	switch {
	case status >= 200 && status < 300:
		return nil
	case status == http.StatusUnauthorized, status == http.StatusForbidden,
		status == http.StatusRequestTimeout, status == http.StatusTooManyRequests:
	case status >= 400 && status < 500:
		return fmt.Errorf("mail: %w: status %d, fields %v", mailtext.ErrRefused, status, fields(response.Body))
	}
	return fmt.Errorf("mail: status %d, fields %v", status, fields(response.Body))
}

// fields returns the parts of the request that SendGrid rejected. Its messages are left out: they
// can repeat the address, which must not be logged.
func fields(body string) []string {
	var complaint struct {
		Errors []struct {
			Field string `json:"field"`
		} `json:"errors"`
	}
	if json.Unmarshal([]byte(body), &complaint) != nil {
		return nil
	}
	var names []string
	for _, e := range complaint.Errors {
		if e.Field != "" {
			names = append(names, e.Field)
		}
	}
	return names
}
