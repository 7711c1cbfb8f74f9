package mailtext_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/core/mailtext"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"golang.org/x/net/html"
)

var update = flag.Bool("update", false, "write the golden files anew; read the difference before committing it")

var (
	locales = []mailtext.Locale{mailtext.Korean, mailtext.English}
	endings = []ledger.Ending{ledger.Succeeded, ledger.Failed, ledger.Expired, ledger.Rejected, ledger.Unfunded, ledger.Withdrawn}
	roles   = []mailtext.Role{mailtext.Contributor, mailtext.Creator, mailtext.Streamer}
)

// result is the result for a user with this role: 300,000 won of a pot of 1,250,000.
func result(locale mailtext.Locale, ending ledger.Ending, role mailtext.Role) mailtext.Result {
	r := mailtext.Result{
		DisplayName: "보라 Kim", Locale: locale, Role: role, Ending: ending,
		Title: "노히트로 보스 잡기 No-hit boss", Amount: 300_000, Pot: 1_250_000,
	}
	switch {
	case ending == ledger.Unfunded:
		r.Amount, r.Pot = 0, 0
	case role == mailtext.Streamer && ending.Pays():
		r.Amount = r.Pot
	case role == mailtext.Streamer:
		r.Amount = 0
	}
	return r
}

func TestEveryLetterReadsAsAgreed(t *testing.T) {
	t.Parallel()
	for _, locale := range locales {
		t.Run(string(locale), func(t *testing.T) {
			t.Parallel()
			var all strings.Builder
			for _, ending := range endings {
				for _, role := range roles {
					l := mailtext.Write(result(locale, ending, role))
					fmt.Fprintf(&all, "=== %s, to the %s\nSubject: %s\n\n%s\n", ending, role, l.Subject, l.Text)
				}
			}
			golden(t, string(locale)+".txt", all.String())
			golden(t, string(locale)+".html", mailtext.Write(result(locale, ledger.Failed, mailtext.Contributor)).HTML)
		})
	}
}

// The two parts of a mail must have the same content.
func TestTheHTMLSaysWhatTheTextSays(t *testing.T) {
	t.Parallel()
	for _, locale := range locales {
		for _, ending := range endings {
			for _, role := range roles {
				l := mailtext.Write(result(locale, ending, role))
				if diff := cmp.Diff(strings.Fields(l.Text), strings.Fields(body(t, l.HTML))); diff != "" {
					t.Errorf("%s, %s, %s: text and HTML differ (-text +html):\n%s", locale, ending, role, diff)
				}
			}
		}
	}
}

func TestAHostileTitleStaysATitle(t *testing.T) {
	t.Parallel()
	for name, title := range map[string]string{
		"header":     "boss\r\nBcc: victim@example.com\r\n\r\nhello",
		"script":     `<script>alert(1)</script><img src=x onerror=alert(1)>`,
		"attribute":  `" onmouseover="alert(1)`,
		"end tag":    `</title></p><h1>Your account is locked</h1>`,
		"template":   `{{.Email}} {{range .}}`,
		"format":     `100% %s %d %!(EXTRA)`,
		"paragraph":  "boss\u2028\u2029\u0085You won!\v\fClick",
		"direction":  "\u202Emoc.live\u202C \u2066x\u2069",
		"null":       "a\x00b\x1b[31mred",
		"bad utf8":   "a\xff\xfeb",
		"just space": " \t\n ",
		"address":    "http://evil.example/?a=b www.evil.example evil。example x@evil.example mailto:x@evil.example",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, locale := range locales {
				hostile := result(locale, ledger.Failed, mailtext.Contributor)
				hostile.Title, hostile.DisplayName, hostile.Email = title, title, "secret@example.com"
				checkHarmless(t, mailtext.Write(hostile))
			}
		})
	}
}

func checkHarmless(t *testing.T, l mailtext.Mail) {
	t.Helper()
	for _, r := range l.Subject {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r) {
			t.Errorf("the subject %q has %U", l.Subject, r)
		}
	}
	if got := strings.Count(strings.TrimSpace(l.Text), "\n\n"); got != 3 || strings.Contains(l.Text, "\r") {
		t.Errorf("the text has %d paragraph breaks, want 3: %q", got, l.Text)
	}
	if strings.Contains(l.Text+l.HTML, "secret@example.com") || strings.Contains(l.Text, "%!") && !strings.Contains(l.Text, "%!(EXTRA)") {
		t.Errorf("the title was taken for a template or a format: %q", l.Text)
	}
	for part, text := range map[string]string{"subject": l.Subject, "text": l.Text, "HTML": l.HTML} {
		if linked := address.FindString(text); linked != "" {
			t.Errorf("a mail reader makes a link of %q in the %s", linked, part)
		}
	}
	want := "html head meta title body p p p p"
	if got := strings.Join(elements(t, l.HTML), " "); got != want {
		t.Errorf("the HTML has the elements %q, want %q", got, want)
	}
}

// address is what readers of plain text make links of.
var address = regexp.MustCompile(`(?i)(https?|mailto):\S|[\pL\d@][.．。｡]\pL|@\pL`)

// A subject is shown on locked screens and in lists, to people who may not know
// the author of the title or the name.
func TestNoStrangersTextIsInASubject(t *testing.T) {
	t.Parallel()
	for _, locale := range locales {
		r := result(locale, ledger.Failed, mailtext.Streamer)
		r.Title, r.DisplayName = "Zebra title", "Zebra name"
		reset := mailtext.WriteReset(mailtext.Reset{DisplayName: "Zebra name", Locale: locale, Code: "CODE", Valid: time.Hour})
		for _, l := range []mailtext.Mail{mailtext.Write(r), mailtext.Write(r, r), reset} {
			if strings.Contains(l.Subject, "Zebra") {
				t.Errorf("the subject is %q", l.Subject)
			}
		}
		if strings.Contains(reset.Text+reset.HTML, "Zebra") {
			t.Errorf("a code comes with a name that a stranger may have chosen: %q", reset.Text)
		}
	}
}

func TestALetterSaysWhatCameTooLate(t *testing.T) {
	t.Parallel()
	for _, locale := range locales {
		var all strings.Builder
		for _, amount := range []ledger.Won{300_000, 0} {
			r := result(locale, ledger.Succeeded, mailtext.Contributor)
			r.Amount, r.Late = amount, 2_000
			all.WriteString(mailtext.Write(r).Text)
		}
		golden(t, string(locale)+"-late.txt", all.String())
	}
}

func TestSeveralResultsAreOneListWithEachOfThem(t *testing.T) {
	t.Parallel()
	for _, locale := range locales {
		lost, won := result(locale, ledger.Expired, mailtext.Creator), result(locale, ledger.Succeeded, mailtext.Streamer)
		lost.MissionID, won.MissionID = uuid.New(), uuid.New()
		lost.Title, won.Title = "The first", "The second"
		l := mailtext.Write(lost, won)
		golden(t, string(locale)+"-list.txt", "Subject: "+l.Subject+"\n\n"+l.Text)
		if diff := cmp.Diff(strings.Fields(l.Text), strings.Fields(body(t, l.HTML))); diff != "" {
			t.Errorf("%s: text and HTML differ (-text +html):\n%s", locale, diff)
		}
		if want := lost.MissionID.String() + "," + won.MissionID.String(); l.IDs["mission_id"] != want {
			t.Errorf("the mail is about %q, want %q", l.IDs["mission_id"], want)
		}
	}
}

func TestOrdinaryTitlesReadAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	for _, title := range []string{"No. 1", "v1.2.3", "10:30", "wait...", "3.5점", "rank 1: win", "what?!", "보스 잡기. 다시."} {
		r := result(mailtext.English, ledger.Failed, mailtext.Creator)
		r.Title = title
		if l := mailtext.Write(r); !strings.Contains(l.Text, "“"+title+"”") {
			t.Errorf("the title %q became %q", title, l.Text)
		}
	}
}

func TestAnUnknownLocaleReadsKorean(t *testing.T) {
	t.Parallel()
	unknown, korean := result("fr", ledger.Failed, mailtext.Creator), result(mailtext.Korean, ledger.Failed, mailtext.Creator)
	if diff := cmp.Diff(mailtext.Write(korean), mailtext.Write(unknown)); diff != "" {
		t.Errorf("mails differ:\n%s", diff)
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// elements lists the elements a browser makes of a page, without empty ones
// that it adds by itself.
func elements(t *testing.T, page string) []string {
	t.Helper()
	var names []string
	for n := range parse(t, page).Descendants() {
		if n.Type == html.ElementNode {
			names = append(names, n.Data)
			if n.Data == "p" && len(n.Attr) > 1 {
				t.Errorf("a paragraph has the attributes %v", n.Attr)
			}
		}
	}
	return names
}

// body is the text a browser shows.
func body(t *testing.T, page string) string {
	t.Helper()
	var text strings.Builder
	for n := range parse(t, page).Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "title" {
			text.WriteString(n.Data + " ")
		}
	}
	return text.String()
}

func parse(t *testing.T, page string) *html.Node {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatalf("the HTML can't be parsed: %v", err)
	}
	return root
}

func TestACodeIsWrittenInTheReadersLanguage(t *testing.T) {
	t.Parallel()
	for _, locale := range locales {
		r := mailtext.Reset{
			Email: "bora@example.com", DisplayName: "보라\r\n<b>Kim", Locale: locale, Code: "MZXW6YTBOI2DCNRXMJSWQ3DQNB", Valid: time.Hour,
		}
		l := mailtext.WriteReset(r)
		golden(t, string(locale)+"-reset.txt", "Subject: "+l.Subject+"\n\n"+l.Text)
		if diff := cmp.Diff(strings.Fields(l.Text), strings.Fields(body(t, l.HTML))); diff != "" {
			t.Errorf("%s: text and HTML differ (-text +html):\n%s", locale, diff)
		}
		if l.To != r.Email || l.Kind != mailtext.PasswordReset {
			t.Errorf("the mail goes to %q as %q, want the reader and a password reset", l.To, l.Kind)
		}
		if strings.Contains(l.Subject, r.Code) {
			t.Error("the code is in the subject, which a locked screen shows")
		}
	}
}
