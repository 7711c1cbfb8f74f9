package mailbox

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// maxMail is the largest request taken, in bytes. SendGrid's limit is 30 MB; ours
	// carry no attachment.
	maxMail = 1 << 20
	// mailboxMessages and mailboxBytes bound what is kept; the oldest go first.
	mailboxMessages = 10_000
	mailboxBytes    = 64 << 20
)

// Mail is one message as its receiver would get it.
type Mail struct {
	ID         string    `json:"id"`
	ReceivedAt time.Time `json:"received_at"` // UTC
	From       string    `json:"from"`
	To         string    `json:"to"`
	Subject    string    `json:"subject"`
	Text       string    `json:"text"`
	HTML       string    `json:"html"`
}

func (m Mail) size() int { return len(m.From) + len(m.To) + len(m.Subject) + len(m.Text) + len(m.HTML) }

// Box takes mail over SendGrid's v3 API and shows it instead of sending it. It
// keeps the newest messages in memory.
type Box struct {
	apiKey string
	mux    *http.ServeMux

	mu    sync.Mutex
	mails []Mail // oldest first
	bytes int
	total int // ever taken
}

// New makes an empty mailbox that takes mail from callers with the API key.
//
//	POST /v3/mail/send   SendGrid's call: 202, or 400, 401, 413 in its own error format
//	GET  /messages?to=   what was taken, newest first, as JSON
//	GET  /               the same as a page
func New(apiKey string) *Box {
	m := &Box{apiKey: apiKey, mux: http.NewServeMux()}
	m.mux.HandleFunc("POST /v3/mail/send", m.send)
	m.mux.HandleFunc("GET /messages", m.list)
	m.mux.HandleFunc("GET /{$}", m.page)
	return m
}

// ServeHTTP serves the calls listed at New.
func (m *Box) ServeHTTP(w http.ResponseWriter, r *http.Request) { m.mux.ServeHTTP(w, r) }

// Messages returns what was taken, newest first; with a non-empty address only what
// went there. total counts every message ever taken, whoever it was for.
func (m *Box) Messages(to string) (mails []Mail, total int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	mails = []Mail{}
	for _, mail := range slices.Backward(m.mails) {
		if to == "" || strings.EqualFold(mail.To, to) {
			mails = append(mails, mail)
		}
	}
	return mails, m.total
}

func (m *Box) keep(mails []Mail) (id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, mail := range mails {
		m.total++
		id = strconv.Itoa(m.total)
		mail.ID = id
		m.mails = append(m.mails, mail)
		m.bytes += mail.size()
	}
	for len(m.mails) > mailboxMessages || m.bytes > mailboxBytes {
		m.bytes -= m.mails[0].size()
		m.mails = m.mails[1:]
	}
	return id
}

func (m *Box) send(w http.ResponseWriter, r *http.Request) {
	key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || subtle.ConstantTimeCompare([]byte(key), []byte(m.apiKey)) != 1 {
		refuse(w, http.StatusUnauthorized, "The provided authorization grant is invalid, expired, or revoked", "")
		return
	}
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		refuse(w, http.StatusUnsupportedMediaType, "Content-Type should be application/json.", "")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxMail))
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		refuse(w, http.StatusRequestEntityTooLarge, "The message is too large", "")
		return
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, "The body could not be read", "")
		return
	}
	mails, refusal := readMails(body, time.Now().UTC())
	if refusal != nil {
		refuse(w, http.StatusBadRequest, refusal.message, refusal.field)
		return
	}
	w.Header().Set("X-Message-Id", m.keep(mails))
	w.WriteHeader(http.StatusAccepted)
}

func (m *Box) list(w http.ResponseWriter, r *http.Request) {
	mails, total := m.Messages(r.URL.Query().Get("to"))
	writeJSON(w, http.StatusOK, map[string]any{"items": mails, "total": total})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		slog.Debug("an answer was not read to its end", "error", err)
	}
}
