package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"example.com/missionpot/internal/api"
	"example.com/missionpot/internal/api/edge"
	"example.com/missionpot/internal/core/mission"
)

func TestAKeyInQuotesIsTheKeyWithoutThem(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina := s.signUp("mina", false)
	charge := func(key string) api.Charge {
		return read[api.Charge](s.call(http.MethodPost, "/v1/users/me/charges", mina.token, object{"amount": 1_000}, "Idempotency-Key", key).want(http.StatusCreated))
	}
	if bare, quoted := charge("abc"), charge(`"abc"`); bare.ID != quoted.ID {
		t.Errorf("the key abc made charge %s, in quotes %s; want one charge", bare.ID, quoted.ID)
	}
}

func TestAHeaderThatMayComeOnceIsRefusedTwice(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina := s.signUp("mina", false)
	before := s.rows()
	for header, values := range map[string][2]string{
		"Idempotency-Key": {"a", "b"}, "Authorization": {"Bearer " + mina.token, "Bearer x"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/v1/users/me/charges", strings.NewReader(`{"amount":1000}`))
		s.ok(err)
		r.Header = http.Header{"Authorization": {"Bearer " + mina.token}, "Idempotency-Key": {"a"}, "Content-Type": {"application/json"}}
		r.Header[header] = values[:]
		answer, err := s.client.Do(r)
		s.ok(err)
		s.ok(answer.Body.Close())
		if answer.StatusCode != http.StatusBadRequest {
			t.Errorf("two fields %s answered %d, want 400", header, answer.StatusCode)
		}
	}
	if after := s.rows(); after != before {
		t.Errorf("the calls changed something: before %+v, after %+v", before, after)
	}
}

func TestAWholeNumberMayBeWrittenInAnyWayThatJSONHas(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina := s.signUp("mina", false)
	for _, written := range []string{"1000", "1000.0", "1e3", "1.0E+3", "10000e-1"} {
		r := s.postKeyed("/v1/users/me/charges", mina.token, `{"amount":`+written+`}`).want(http.StatusCreated)
		if c := read[api.Charge](r); c.Amount != 1_000 {
			t.Errorf("%s charged %d, want 1000", written, c.Amount)
		}
	}
}

func TestARefusalIsShortAndWrittenForPeople(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina := s.signUp("mina", false)
	var many strings.Builder
	for i := range 4_000 {
		fmt.Fprintf(&many, `"field%d":1,`, i)
	}
	for _, body := range []string{`{` + many.String() + `"amount":1000}`, `{"` + strings.Repeat("가", 20_000) + `":1}`} {
		r := s.postKeyed("/v1/users/me/charges", mina.token, body)
		r.refused(http.StatusUnprocessableEntity, "invalid")
		if p := read[edge.Problem](r); len(r.body) > 8<<10 || len(p.Errors) > 20 {
			t.Errorf("the refusal of %d bytes has %d bytes and %d errors", len(body), len(r.body), len(p.Errors))
		}
	}
	p := s.postKeyed("/v1/users/me/charges", mina.token, `{"amount":10000001}`).refused(http.StatusUnprocessableEntity, "invalid")
	if want := "body.amount: must be at most 10000000"; p.Detail != want {
		t.Errorf("the detail is %q, want %q", p.Detail, want)
	}
}

func TestSeveralStatesNarrowTheListTogether(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina, jun := s.viewer("mina", 100_000), s.signUp("jun", true)
	m := s.mission(mina, jun, 1_000)
	for query, want := range map[string]int{
		"status=active": 1, "status=failed": 0, "status=failed&status=active": 1, "status=failed&status=rejected": 0,
	} {
		if got := read[edge.Listed[mission.Snapshot]](s.get("/v1/missions?"+query, "").want(http.StatusOK)); len(got.Items) != want {
			t.Errorf("%s lists %d missions, want %d (%s is %s)", query, len(got.Items), want, m.ID, m.Status)
		}
	}
}

func TestACursorIsGoodForItsListAndItsFiltersOnly(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina, jun := s.viewer("mina", 100_000), s.signUp("jun", true)
	s.mission(mina, jun, 1_000)
	s.mission(mina, jun, 1_000)
	own := "/v1/missions?limit=1&creator_id=" + mina.id.String()
	cursor := *read[edge.Listed[mission.Snapshot]](s.get(own, "").want(http.StatusOK)).NextCursor
	s.get(own+"&cursor="+cursor, "").want(http.StatusOK)
	for _, other := range []string{
		"/v1/missions?cursor=", own + "&status=active&cursor=", "/v1/streamers?cursor=", "/v1/streamers/" + jun.id.String() + "/events?cursor=",
	} {
		if p := s.get(other+cursor, "").refused(http.StatusUnprocessableEntity, "invalid"); p.Errors[0].Location != "query.cursor" {
			t.Errorf("%s is refused at %s", other, p.Errors[0].Location)
		}
	}
}

func TestTimesHaveAFractionOfFixedWidth(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina, jun := s.viewer("mina", 100_000), s.signUp("jun", true)
	m := s.mission(mina, jun, 1_000)
	fixed := regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`)
	for _, path := range []string{"/v1/users/me", "/v1/missions/" + m.ID.String(), "/v1/users/me/transactions", "/v1/missions/" + m.ID.String() + "/events"} {
		times := 0
		var body any
		s.ok(json.Unmarshal(s.get(path, mina.token).want(http.StatusOK).body, &body))
		eachText(body, "", func(name, text string) {
			if name != "at" && name != "deadline" && !strings.HasSuffix(name, "_at") {
				return
			}
			if times++; !fixed.MatchString(text) {
				t.Errorf("%s: %s is %s, want three digits after the second", path, name, text)
			}
		})
		if times == 0 {
			t.Errorf("%s has no time to look at", path)
		}
	}
}

// eachText visits all texts of a decoded body with the names of their members.
func eachText(value any, name string, visit func(name, text string)) {
	switch v := value.(type) {
	case string:
		visit(name, v)
	case []any:
		for _, item := range v {
			eachText(item, name, visit)
		}
	case map[string]any:
		for name, item := range v {
			eachText(item, name, visit)
		}
	}
}
