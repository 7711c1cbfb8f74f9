package edge

import (
	"fmt"
	"mime"
	"slices"
	"strings"
	"testing"
	"time"
)

// What a header asks for is agreed on or ignored: a wait is within its bounds, a
// media type is one of the offers, and a body is taken only under the name of
// JSON.
func FuzzHeaders(f *testing.F) {
	for _, seed := range [][3]string{
		{"wait=5", "", ""}, {`Wait="7"`, "*/*", "application/json"}, {"respond-async, wait = 3 ; x=1", "text/event-stream;q=0, */*", "application/problem+json; charset=UTF-8"},
		{"wait=99999999999999999999", "application/json;q=0.2,text/event-stream;q=0.3", "application/json; charset=euc-kr"},
		{"wait=-1", "text/event-stream;q=nonsense", "json/;;"}, {",;=,", ";;;", "a/b;q=\""}, {"wait==3", "text/*", "text/json"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, prefer, accept, contentType string) {
		checkWait(t, prefer)
		offers := []string{JSONType, StreamType}
		if got := prefers([]string{accept}, offers); got != "" && !slices.Contains(offers, got) {
			t.Errorf("Accept %q chose %q, which was not offered", accept, got)
		}
		if contentType == "" || checkMediaType(contentType) != nil {
			return
		}
		name, params, err := mime.ParseMediaType(contentType)
		if err != nil || !strings.HasPrefix(name, "application/") || !strings.HasSuffix(name, "json") {
			t.Errorf("a body of the type %q is taken for JSON", contentType)
		}
		if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
			t.Errorf("a body in %s is taken", charset)
		}
	})
}

// RFC 7240: a preference that can't be read is ignored, never refused.
func checkWait(t *testing.T, prefer string) {
	t.Helper()
	w := Waiting{Prefer: prefer}
	wait := w.Wait()
	if wait < 0 || wait > maxWait || wait%time.Second != 0 {
		t.Errorf("Prefer %q waits %v, want whole seconds from 0 to %v", prefer, wait, maxWait)
	}
	want := ""
	if wait > 0 {
		want = fmt.Sprintf("wait=%d", int(wait.Seconds()))
	}
	if got := w.Applied(); got != want {
		t.Errorf("Prefer %q waits %v, but the header says %q", prefer, wait, got)
	}
}
