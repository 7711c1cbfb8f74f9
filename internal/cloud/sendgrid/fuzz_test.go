package sendgrid

import (
	"errors"
	"strings"
	"testing"

	"github.com/sendgrid/rest"

	"example.com/missionpot/internal/core/mailtext"
)

// Every answer of SendGrid is classified, and its messages, which may repeat an address, never
// reach the error.
func FuzzAnswer(f *testing.F) {
	f.Add(400, `{"errors":[{"message":"no: mina@example.com","field":"personalizations.0.to","help":null}]}`)
	f.Add(202, ``)
	f.Add(401, `{"errors":[{"message":"wrong key"}]}`)
	f.Add(503, `<html>`)
	f.Add(413, `{"errors":null}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		body = strings.ReplaceAll(body, `"message":"`, `"message":"SECRET`)
		err := verdict(&rest.Response{StatusCode: status, Body: body})
		if (err == nil) != (status >= 200 && status < 300) {
			t.Errorf("status %d gives %v", status, err)
		}
		if errors.Is(err, mailtext.ErrRefused) && (status < 400 || status >= 500) {
			t.Errorf("status %d refuses the mail for good: %v", status, err)
		}
		if err != nil && len(err.Error()) > 1000 {
			t.Errorf("the error has %d characters, want no more than 1000 in a log", len(err.Error()))
		}
	})
}
