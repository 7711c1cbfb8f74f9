package mailbox_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sendgrid/sendgrid-go"
	"github.com/sendgrid/sendgrid-go/helpers/mail"

	"example.com/missionpot/internal/rig/mailbox"
)

const apiKey = "SG.test"

func TestTakesMailFromSendGridsOwnClient(t *testing.T) {
	t.Parallel()
	box, url := openMailbox(t)
	message := mail.NewSingleEmail(
		mail.NewEmail("Missionpot", "pot@example.com"), "성공! Mission <done>",
		mail.NewEmail("Fan", "fan@example.com"), "plain", "<p>rich</p>")
	request := sendgrid.GetRequest(apiKey, "/v3/mail/send", url)
	request.Method = "POST"
	request.Body = mail.GetRequestBody(message)
	response, err := sendgrid.API(request)
	if err != nil {
		t.Fatalf("send: %v", err)
	}
	if response.StatusCode != http.StatusAccepted {
		t.Fatalf("status = %d %s, want 202", response.StatusCode, response.Body)
	}
	mails, total := box.Messages("FAN@example.com")
	if len(mails) != 1 || total != 1 {
		t.Fatalf("%d messages for the fan of %d in all, want 1 of 1", len(mails), total)
	}
	got := mails[0]
	if got.From != "pot@example.com" || got.To != "fan@example.com" || got.Subject != "성공! Mission <done>" ||
		got.Text != "plain" || got.HTML != "<p>rich</p>" || got.ID == "" || got.ReceivedAt.IsZero() {
		t.Errorf("kept %+v, want all of what was sent", got)
	}
}

func TestShowsMailAsJSONAndAsAPage(t *testing.T) {
	t.Parallel()
	_, url := openMailbox(t)
	for _, to := range []string{"one@example.com", "two@example.com"} {
		if status, body := post(t, url, apiKey, mailTo(to)); status != http.StatusAccepted {
			t.Fatalf("send: %d %s, want 202", status, body)
		}
	}
	var all struct {
		Items []mailbox.Mail `json:"items"`
		Total int            `json:"total"`
	}
	get(t, url+"/messages", &all)
	if len(all.Items) != 2 || all.Items[0].To != "two@example.com" || all.Total != 2 {
		t.Errorf("all messages = %+v, want two, the newest first", all)
	}
	get(t, url+"/messages?to=one@example.com", &all)
	if len(all.Items) != 1 || all.Items[0].To != "one@example.com" {
		t.Errorf("messages to one = %+v, want only that", all)
	}
	resp, err := http.Get(url + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), "one@example.com") || strings.Contains(string(page), "<script>") {
		t.Errorf("the page lacks a receiver or lets a mail's markup through:\n%s", page)
	}
}

func TestRefusesWhatSendGridRefuses(t *testing.T) {
	t.Parallel()
	box, url := openMailbox(t)
	valid := mailTo("fan@example.com")
	for name, c := range map[string]struct {
		key, body, field string
		status           int
	}{
		"wrong key":       {"SG.other", valid, "", http.StatusUnauthorized},
		"no JSON":         {apiKey, "{", "", http.StatusBadRequest},
		"no receiver":     {apiKey, strings.Replace(valid, `{"email":"fan@example.com"}`, "", 1), "personalizations.0.to", http.StatusBadRequest},
		"bad receiver":    {apiKey, mailTo("nobody"), "personalizations.0.to.0.email", http.StatusBadRequest},
		"bad sender":      {apiKey, strings.Replace(valid, "pot@example.com", "pot", 1), "from.email", http.StatusBadRequest},
		"no subject":      {apiKey, strings.Replace(valid, `"Done"`, `""`, 1), "subject", http.StatusBadRequest},
		"empty content":   {apiKey, strings.Replace(valid, `"hello"`, `""`, 1), "content.0.value", http.StatusBadRequest},
		"unknown content": {apiKey, strings.Replace(valid, "text/plain", "text/x", 1), "content.0.type", http.StatusBadRequest},
		"HTML first": {apiKey, strings.NewReplacer("text/plain", "text/html", "text/html", "text/plain").Replace(valid),
			"content.1.type", http.StatusBadRequest},
		"too large": {apiKey, strings.Replace(valid, "hello", strings.Repeat("x", 2<<20), 1), "", http.StatusRequestEntityTooLarge},
	} {
		status, body := post(t, url, c.key, c.body)
		if status != c.status {
			t.Errorf("%s: status %d, want %d", name, status, c.status)
		}
		var answer struct {
			Errors []struct{ Message, Field string } `json:"errors"`
		}
		if err := json.Unmarshal([]byte(body), &answer); err != nil || len(answer.Errors) != 1 {
			t.Errorf("%s: answer %q, want one error in SendGrid's format", name, body)
			continue
		}
		if got := answer.Errors[0]; got.Message == "" || got.Field != c.field {
			t.Errorf("%s: error %+v, want field %q", name, got, c.field)
		}
	}
	if _, total := box.Messages(""); total != 0 {
		t.Errorf("%d refused messages were kept, want none", total)
	}
}

func TestForgetsTheOldestMailWhenFull(t *testing.T) {
	t.Parallel()
	box, url := openMailbox(t)
	large := strings.Replace(mailTo("fan@example.com"), "hello", strings.Repeat("x", 1000<<10), 1)
	const sent = 70 // of about a megabyte each, into 64 MiB
	for range sent {
		if status, body := post(t, url, apiKey, large); status != http.StatusAccepted {
			t.Fatalf("send: %d %s, want 202", status, body)
		}
	}
	mails, total := box.Messages("")
	if total != sent || len(mails) == sent || len(mails) == 0 {
		t.Fatalf("kept %d of %d (counted %d), want the oldest forgotten", len(mails), sent, total)
	}
	if newest := mails[0].ID; newest != fmt.Sprint(sent) {
		t.Errorf("newest kept is %s, want %d", newest, sent)
	}
}

func openMailbox(t *testing.T) (box *mailbox.Box, url string) {
	t.Helper()
	box = mailbox.New(apiKey)
	server := httptest.NewServer(box)
	t.Cleanup(server.Close)
	return box, server.URL
}

func mailTo(address string) string {
	return `{"personalizations":[{"to":[{"email":"` + address + `"}]}],"from":{"email":"pot@example.com"},"subject":"Done",` +
		`"content":[{"type":"text/plain","value":"hello"},{"type":"text/html","value":"<script>alert(1)</script>"}]}`
}

func post(t *testing.T, url, key, body string) (status int, answer string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/v3/mail/send", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func get(t *testing.T, url string, into any) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		t.Fatalf("%s: %v", url, err)
	}
}
