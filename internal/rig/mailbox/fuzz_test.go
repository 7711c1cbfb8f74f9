package mailbox

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// The mailbox stands in for SendGrid, so it takes or refuses any body and never
// keeps a message that SendGrid would not send.
func FuzzMailRequest(f *testing.F) {
	f.Add(`{"personalizations":[{"to":[{"email":"mina@example.com"}]}],"from":{"email":"pot@example.com"},"subject":"S","content":[{"type":"text/plain","value":"T"},{"type":"text/html","value":"<p>"}]}`)
	f.Add(`{"personalizations":[{"to":[{"email":"Mina <mina@example.com>"}],"subject":"own"}],"from":{"email":"pot@example.com"},"content":[{"type":"text/html","value":"T"}]}`)
	f.Add(`{"personalizations":null,"from":null,"content":[null]}`)
	f.Add(`[]`)
	f.Add(``)
	f.Fuzz(func(t *testing.T, body string) {
		m := New("key")
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v3/mail/send", strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer key")
		r.Header.Set("Content-Type", "application/json")
		m.ServeHTTP(w, r)
		kept, total := m.Messages("")
		switch w.Code {
		case http.StatusAccepted:
			if total == 0 {
				t.Error("a taken request left no message")
			}
			for _, mail := range kept {
				if !(mailAddress{mail.To}).valid() || !(mailAddress{mail.From}).valid() || mail.Subject == "" || mail.Text+mail.HTML == "" {
					t.Errorf("kept %+v, want both addresses, a subject and a text", mail)
				}
			}
		case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
			if total != 0 {
				t.Errorf("a refused request left %d messages", total)
			}
		default:
			t.Errorf("got %d, want 202, 400 or 413", w.Code)
		}
	})
}
