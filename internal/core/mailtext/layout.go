package mailtext

import (
	"fmt"
	"html/template"
	"strings"
	"unicode"
)

// draft is a mail's sentences, as plain text.
type draft struct {
	locale   Locale
	subject  string
	greeting string
	lines    []string
	closing  string
}

func (d draft) mail() Mail {
	return Mail{Subject: d.subject, Text: d.text(), HTML: d.html()}
}

func (d draft) text() string {
	paragraphs := append([]string{d.greeting}, d.lines...)
	return strings.Join(append(paragraphs, d.closing), "\n\n") + "\n"
}

// Styles are inline because mail readers drop style sheets.
var page = template.Must(template.New("mail").Parse(`<!DOCTYPE html>
<html lang="{{.Locale}}">
<head><meta charset="utf-8"><title>{{.Subject}}</title></head>
<body style="margin:0;padding:24px;font-family:sans-serif;font-size:16px;line-height:1.6;color:#1a1a1a;background:#ffffff">
<p>{{.Greeting}}</p>
{{- range .Lines}}
<p>{{.}}</p>
{{- end}}
<p style="color:#666666">{{.Closing}}</p>
</body>
</html>
`))

// html escapes every sentence. Writing strings into memory can't fail, so an
// error means that the page itself is broken.
func (d draft) html() string {
	var out strings.Builder
	err := page.Execute(&out, struct {
		Locale                     Locale
		Subject, Greeting, Closing string
		Lines                      []string
	}{d.locale, d.subject, d.greeting, d.closing, d.lines})
	if err != nil {
		panic(fmt.Sprintf("mailtext: the page is broken: %v", err))
	}
	return out.String()
}

// line makes untrusted text safe for one line: every character that breaks a
// line or changes the reading direction becomes a space, and runs of spaces
// become one.
func line(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
	}), " ")
}

// dots are the characters that stand between the labels of a domain name; the
// last three count as the first (UTS 46, section 2.3).
const dots = ".\uFF0E\u3002\uFF61"

// unlinked makes untrusted text safe for one line in which no mail reader finds
// an address to link to: a space follows each dot, colon or at sign that stands
// before a letter or a slash. A top-level domain always has letters.
func unlinked(text string) string {
	runes := []rune(line(text))
	var out strings.Builder
	for i, r := range runes {
		out.WriteRune(r)
		joins := r == '@' || r == ':' || r == '\uFF20' || strings.ContainsRune(dots, r)
		if joins && i+1 < len(runes) && (unicode.IsLetter(runes[i+1]) || runes[i+1] == '/') {
			out.WriteRune(' ')
		}
	}
	return out.String()
}
