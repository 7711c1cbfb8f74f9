package edge

import (
	"errors"
	"testing"
	"time"

	"example.com/missionpot/internal/core/fault"
)

func TestTheBestOfferIsChosenByWeightAndThenByOrder(t *testing.T) {
	t.Parallel()
	offers := []string{JSONType, StreamType}
	for header, want := range map[string]string{
		"":                                    JSONType,
		"*/*":                                 JSONType,
		"text/event-stream":                   StreamType,
		"TEXT/Event-Stream":                   StreamType,
		"text/*":                              StreamType,
		"application/json":                    JSONType,
		"text/event-stream, application/json": JSONType,
		"text/event-stream, application/json;q=0.9":      StreamType,
		"application/json;q=0.2,text/event-stream;q=0.3": StreamType,
		"text/event-stream;q=0, */*":                     JSONType,
		"application/json;q=0, */*;q=0.1":                StreamType,
		"text/event-stream;charset=utf-8;q=0.5, */*;q=1": JSONType,
		"text/event-stream;q=nonsense":                   StreamType,
		"text/html":                                      "",
		"*/*;q=0":                                        "",
		"application/*;q=0, text/html":                   "",
	} {
		if got := prefers([]string{header}, offers); got != want {
			t.Errorf("Accept %q chose %q, want %q", header, got, want)
		}
	}
	if got := prefers(nil, offers); got != JSONType {
		t.Errorf("no Accept chose %q, want JSON", got)
	}
}

func TestAWaitIsReadAndBounded(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]time.Duration{
		"": 0, "wait=5": 5 * time.Second, `Wait="7"`: 7 * time.Second, "respond-async, wait = 3 ; x=1": 3 * time.Second,
		"wait=20": 20 * time.Second, "wait=21": 20 * time.Second, "wait=999999999999": 20 * time.Second, "wait=99999999999999999999": 0, "wait=9999999": 20 * time.Second,
		"wait=0": 0, "wait=-1": 0, "wait=soon": 0, "wait": 0, "waiting=4": 0,
	} {
		if got := (Waiting{Prefer: header}).Wait(); got != want {
			t.Errorf("Prefer %q waits %v, want %v", header, got, want)
		}
	}
}

func TestAPageTellsWhetherThereIsANext(t *testing.T) {
	t.Parallel()
	self, list := func(n int) int { return n }, ListOf("numbers")
	full, err := Paginate(Page{Limit: 3}, list, []int{9, 8, 7, 6}, self, self)
	if err != nil || len(full.Items) != 3 || full.NextCursor == nil {
		t.Fatalf("a full page is %+v, error %v", full, err)
	}
	next, err := After(Page{Cursor: *full.NextCursor}, list, 0)
	if err != nil || next != 7 {
		t.Errorf("the next page starts below %d, error %v; want 7", next, err)
	}
	if last, _ := Paginate(Page{Limit: 3}, list, []int{9, 8, 7}, self, self); last.NextCursor != nil {
		t.Error("the last page has a next one")
	}
	if _, err := After(Page{Cursor: "eyJ2Ijo5LCJrIjo3fQ"}, list, 0); !errors.Is(err, fault.Invalid) { // {"v":9,"k":7}
		t.Errorf("a cursor of another version gave %v, want fault.Invalid", err)
	}
}
