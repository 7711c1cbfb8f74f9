package mailbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/mail"
	"time"
)

// sendRequest is the part of SendGrid's request that we use:
// https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send
type sendRequest struct {
	Personalizations []personalization `json:"personalizations"`
	From             mailAddress       `json:"from"`
	Subject          string            `json:"subject"`
	Content          []struct {
		Type  string `json:"type"`
		Value string `json:"value"`
	} `json:"content"`
}

type personalization struct {
	To      []mailAddress `json:"to"`
	Subject string        `json:"subject"` // instead of the request's
}

type mailAddress struct {
	Email string `json:"email"`
}

func (a mailAddress) valid() bool {
	parsed, err := mail.ParseAddress(a.Email)
	return err == nil && parsed.Address == a.Email
}

// refusal is why SendGrid would not take a request, in its own words.
type refusal struct{ message, field string }

// refuse answers in SendGrid's error format. An empty field becomes null.
func refuse(w http.ResponseWriter, status int, message, field string) {
	fault := map[string]any{"message": message, "field": nil, "help": nil}
	if field != "" {
		fault["field"] = field
	}
	writeJSON(w, status, map[string]any{"errors": []any{fault}})
}

// readMails makes one Mail for each receiver.
func readMails(body []byte, now time.Time) ([]Mail, *refusal) {
	var req sendRequest
	if err := json.Unmarshal(body, &req); err != nil {
		return nil, &refusal{"Bad Request", ""}
	}
	if !req.From.valid() {
		return nil, &refusal{"The from email does not contain a valid address.", "from.email"}
	}
	text, html, refused := req.contents()
	if refused != nil {
		return nil, refused
	}
	if len(req.Personalizations) == 0 {
		return nil, &refusal{"The personalizations field is required and must have at least one personalization.", "personalizations"}
	}
	var mails []Mail
	for i, p := range req.Personalizations {
		receivers, refused := p.receivers(i)
		if refused != nil {
			return nil, refused
		}
		subject := p.Subject
		if subject == "" {
			subject = req.Subject
		}
		if subject == "" {
			return nil, &refusal{"The subject is required.", "subject"}
		}
		for _, to := range receivers {
			mails = append(mails, Mail{ReceivedAt: now, From: req.From.Email, To: to, Subject: subject, Text: text, HTML: html})
		}
	}
	return mails, nil
}

func (p personalization) receivers(index int) ([]string, *refusal) {
	if len(p.To) == 0 {
		return nil, &refusal{
			"The to array is required for all personalization objects, and must have at least one email object with a valid email address.",
			fmt.Sprintf("personalizations.%d.to", index),
		}
	}
	var receivers []string
	for j, to := range p.To {
		if !to.valid() {
			return nil, &refusal{"Does not contain a valid address.", fmt.Sprintf("personalizations.%d.to.%d.email", index, j)}
		}
		receivers = append(receivers, to.Email)
	}
	return receivers, nil
}

// contents returns both bodies. SendGrid wants text/plain first.
func (r sendRequest) contents() (text, html string, refused *refusal) {
	if len(r.Content) == 0 {
		return "", "", &refusal{"The content value is required.", "content"}
	}
	for i, c := range r.Content {
		field := fmt.Sprintf("content.%d", i)
		switch {
		case c.Value == "":
			return "", "", &refusal{"The content value must be a string at least one character in length.", field + ".value"}
		case c.Type == "text/plain" && i > 0:
			return "", "", &refusal{"If present, text/plain and text/html may only be provided once, text/plain first.", field + ".type"}
		case c.Type == "text/plain":
			text = c.Value
		case c.Type == "text/html":
			html = c.Value
		default:
			return "", "", &refusal{"The content type must be text/plain or text/html.", field + ".type"}
		}
	}
	return text, html, nil
}
