package mailbox

import (
	"html/template"
	"log/slog"
	"net/http"
)

// pageMails is how many messages the page shows; /messages has them all.
const pageMails = 100

// A mail's HTML is shown in a sandboxed frame: whatever it holds can't run or reach
// the page around it.
var mailboxPage = template.Must(template.New("mailbox").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Mailbox</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
article { border: 1px solid #ccc; border-radius: .5rem; margin: 1rem 0; padding: 1rem; }
h2 { font-size: 1rem; margin: 0; } p { margin: .2rem 0; color: #555; }
pre { white-space: pre-wrap; } iframe { width: 100%; height: 16rem; border: 0; background: #fff; }
</style></head><body>
<h1>Mailbox</h1>
<p>{{.Total}} taken in all; the newest are shown. Nothing leaves this machine. <a href="/messages">As JSON</a></p>
{{range .Mails}}<article>
<h2>{{.Subject}}</h2>
<p>to {{.To}} · from {{.From}} · {{.ReceivedAt.Format "15:04:05"}} UTC</p>
{{if .HTML}}<iframe sandbox title="{{.Subject}}" srcdoc="{{.HTML}}"></iframe>{{end}}
<details><summary>Text</summary><pre>{{.Text}}</pre></details>
</article>{{else}}<p>No mail yet.</p>{{end}}
</body></html>
`))

func (m *Box) page(w http.ResponseWriter, r *http.Request) {
	mails, total := m.Messages(r.URL.Query().Get("to"))
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	shown := struct {
		Total int
		Mails []Mail
	}{total, mails[:min(len(mails), pageMails)]}
	if err := mailboxPage.Execute(w, shown); err != nil {
		slog.DebugContext(r.Context(), "the page was not read to its end", "error", err)
	}
}
