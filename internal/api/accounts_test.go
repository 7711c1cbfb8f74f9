package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/api"
	"example.com/missionpot/internal/api/edge"
	"example.com/missionpot/internal/api/people"
	"example.com/missionpot/internal/auth/token"
	"example.com/missionpot/internal/core/ledger"
)

func TestANewPersonSignsUpSignsInAndSeesThemselves(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	signUp := object{"email": " Mina@Example.com ", "password": goodPassword, "display_name": "미나"}
	created := s.call(http.MethodPost, "/v1/users", "", signUp).want(http.StatusCreated)
	self := read[people.Self](created)
	if self.Email != "mina@example.com" || self.Locale != "ko" || self.Streamer || !self.AutoAccept || self.MinStake != 100 || self.MaxStake != 1_000_000 {
		t.Errorf("signed up as %+v", self)
	}
	if got := created.header.Get("Location"); got != "/v1/users/"+self.ID.String() {
		t.Errorf("Location is %q", got)
	}
	if strings.Contains(string(created.body), "password") || strings.Contains(string(created.body), "argon2") {
		t.Errorf("the answer contains the password: %s", created.body)
	}
	s.call(http.MethodPost, "/v1/users", "", signUp).refused(http.StatusConflict, "email_taken")

	pair := read[people.TokenPair](s.call(http.MethodPost, "/v1/login", "", object{"email": "MINA@example.com", "password": goodPassword}).want(http.StatusOK))
	if pair.TokenType != "Bearer" || pair.ExpiresIn != 900 || pair.RefreshToken == "" {
		t.Errorf("signed in with %+v", pair)
	}
	if me := read[people.Self](s.get("/v1/users/me", pair.AccessToken).want(http.StatusOK)); me != self {
		t.Errorf("sees %+v, want %+v", me, self)
	}
	profile := s.get("/v1/users/"+self.ID.String(), "").want(http.StatusOK)
	if strings.Contains(string(profile.body), "example.com") {
		t.Errorf("the public profile shows the address: %s", profile.body)
	}
	s.get("/v1/users/"+uuid.NewString(), "").refused(http.StatusNotFound, "not_found")
}

func TestAWrongPasswordAndAnUnknownAddressAreRefusedAlike(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.signUp("mina", false)
	wrong := s.call(http.MethodPost, "/v1/login", "", object{"email": "mina@example.com", "password": "wrong password"})
	wrong.refused(http.StatusUnauthorized, "bad_credentials")
	unknown := s.call(http.MethodPost, "/v1/login", "", object{"email": "nobody@example.com", "password": "wrong password"})
	if unknown.refused(http.StatusUnauthorized, "bad_credentials"); string(unknown.body) != string(wrong.body) {
		t.Errorf("the answers reveal who has an account: %s and %s", wrong.body, unknown.body)
	}
	if strings.Contains(s.logged.String(), "mina@") || strings.Contains(s.logged.String(), "wrong password") {
		t.Error("the log has an address or a password in it")
	}
}

func TestAReusedRefreshTokenEndsTheSignIn(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.signUp("mina", false)
	login := func() people.TokenPair {
		return read[people.TokenPair](s.call(http.MethodPost, "/v1/login", "", object{"email": "mina@example.com", "password": goodPassword}).want(http.StatusOK))
	}
	refresh := func(token string) reply {
		return s.call(http.MethodPost, "/v1/token", "", object{"refresh_token": token})
	}
	first, elsewhere := login(), login()
	second := read[people.TokenPair](refresh(first.RefreshToken).want(http.StatusOK))
	s.get("/v1/users/me", second.AccessToken).want(http.StatusOK)
	again := read[people.TokenPair](refresh(first.RefreshToken).want(http.StatusOK)) // the answer was lost
	if again.RefreshToken != second.RefreshToken {
		t.Error("a repeated refresh got another token, want the same one")
	}
	later := read[people.TokenPair](refresh(second.RefreshToken).want(http.StatusOK))
	refresh(first.RefreshToken).refused(http.StatusUnauthorized, "token_reused")
	refresh(later.RefreshToken).refused(http.StatusUnauthorized, "unauthenticated")
	s.get("/v1/users/me", second.AccessToken).refused(http.StatusUnauthorized, "unauthenticated") // it may be the copier's
	third := read[people.TokenPair](refresh(elsewhere.RefreshToken).want(http.StatusOK))

	for range 2 {
		s.call(http.MethodPost, "/v1/logout", "", object{"refresh_token": third.RefreshToken}).want(http.StatusNoContent)
	}
	refresh(third.RefreshToken).refused(http.StatusUnauthorized, "unauthenticated")
	refresh("made up").refused(http.StatusUnauthorized, "unauthenticated")
}

func TestForgedAndForeignTokensAreRefused(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina := s.signUp("mina", false)
	other := newStand(t)
	parts := strings.Split(mina.token, ".")
	for name, header := range map[string]string{
		"nothing":                 "",
		"another scheme":          "Basic bWluYTpwYXNz",
		"no token":                "Bearer ",
		"another service's token": "Bearer " + other.sign(mina.id),
		"alg none":                "Bearer eyJhbGciOiJub25lIn0." + parts[1] + ".",
		"a cut token":             "Bearer " + mina.token[:len(mina.token)-2],
	} {
		r := s.call(http.MethodGet, "/v1/users/me", "", nil, "Authorization", header)
		if r.status != http.StatusUnauthorized || !strings.HasPrefix(r.header.Get("WWW-Authenticate"), "Bearer") {
			t.Errorf("%s answered %d with WWW-Authenticate %q, want 401 with Bearer", name, r.status, r.header.Get("WWW-Authenticate"))
		}
	}
	s.call(http.MethodGet, "/v1/users/me", "", nil, "Authorization", "bearer "+mina.token).want(http.StatusOK) // RFC 9110: the scheme is in any case
}

func TestAnExpiredTokenIsRefused(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina := s.signUp("mina", false)
	past := *s.tokens
	past.Now = func() time.Time { return time.Now().Add(-time.Hour) }
	expired, err := past.Sign(token.Bearer{User: mina.id})
	s.ok(err)
	s.get("/v1/users/me", expired).refused(http.StatusUnauthorized, "unauthenticated")
}

func TestAGoodTokenOfNobodyFindsNothing(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	ghost := s.sign(uuid.New())
	s.get("/v1/users/me", ghost).refused(http.StatusNotFound, "not_found")
	s.postKeyed("/v1/users/me/charges", ghost, object{"amount": 1000}).refused(http.StatusUnauthorized, "unauthenticated")
}

func TestTheKeysAreThereForAnyoneToVerifyWith(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	r := s.get("/.well-known/jwks.json", "").want(http.StatusOK)
	var set struct{ Keys []map[string]any }
	if err := json.Unmarshal(r.body, &set); err != nil || len(set.Keys) != 1 || set.Keys[0]["d"] != nil {
		t.Errorf("the key set is %s", r.body)
	}
	if got := r.header.Get("Cache-Control"); got != "public, max-age=300" {
		t.Errorf("Cache-Control is %q", got)
	}
}

func TestPeopleChangeTheirSettings(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	jun := s.signUp("jun", true)
	patch := func(body any) reply { return s.call(http.MethodPatch, "/v1/users/me", jun.token, body) }
	changed := read[people.Self](patch(object{
		"display_name": "Jun", "locale": "ko", "auto_accept": false, "min_stake": 500, "max_stake": 20000, "acceptance_seconds": 3600,
	}).want(http.StatusOK))
	if changed.DisplayName != "Jun" || changed.Locale != "ko" || changed.AutoAccept || changed.MinStake != 500 || changed.MaxStake != 20_000 || changed.AcceptanceSeconds != 3600 {
		t.Errorf("changed to %+v", changed)
	}
	if again := read[people.Self](patch(object{}).want(http.StatusOK)); again != changed {
		t.Errorf("changing nothing gave %+v, want %+v", again, changed)
	}
	p := patch(object{"max_stake": 400}).refused(http.StatusUnprocessableEntity, "invalid")
	if len(p.Errors) != 1 || p.Errors[0].Location != "body.max_stake" {
		t.Errorf("the refusal names %+v, want body.max_stake", p.Errors)
	}
	for _, fixed := range []string{"email", "generation", "password", "id"} {
		patch(object{fixed: "x"}).refused(http.StatusUnprocessableEntity, "invalid")
	}
	profile := read[people.Profile](s.get("/v1/users/"+jun.id.String(), "").want(http.StatusOK))
	if profile.MinStake != 500 || !profile.Streamer {
		t.Errorf("the profile shows %+v", profile)
	}
}

func TestSeveralPeopleAreLookedUpInOneCall(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina, jun := s.viewer("mina", 5_000), s.signUp("jun", true)
	s.signUp("sora", false)
	path := "/v1/users?id=" + mina.id.String() + "&id=" + jun.id.String()
	for what, query := range map[string]string{
		"both":              path,
		"one of them twice": path + "&id=" + mina.id.String() + "&id=" + strings.ToUpper(mina.id.String()),
		"somebody unknown":  path + "&id=" + uuid.NewString(),
		"a hundred ids":     path + strings.Repeat("&id="+mina.id.String(), 98),
	} {
		got := read[edge.Listed[people.Profile]](s.get(query, "").want(http.StatusOK))
		if len(got.Items) != 2 || got.Items[0].ID != jun.id || got.Items[1].ID != mina.id || got.NextCursor != nil {
			t.Errorf("%s: the answer is %+v, want jun and mina and no next page", what, got)
			continue
		}
		one := read[people.Profile](s.get("/v1/users/"+mina.id.String(), "").want(http.StatusOK))
		if got.Items[1] != one {
			t.Errorf("%s: the profile is %+v, want that of a single call, %+v", what, got.Items[1], one)
		}
	}
	none := s.get("/v1/users?id="+uuid.NewString(), "").want(http.StatusOK)
	if list := read[edge.Listed[people.Profile]](none); len(list.Items) != 0 || !strings.Contains(string(none.body), `"items":[]`) {
		t.Errorf("nobody known: the answer is %s, want an empty list", none.body)
	}
	for _, private := range []string{"mina@example.com", "email", "cash", "locale"} {
		if body := s.get(path, jun.token).want(http.StatusOK).body; strings.Contains(string(body), private) {
			t.Errorf("the profiles hold %q: %s", private, body)
		}
	}
}

func TestStreamersAreListedInPages(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.signUp("viewer", false)
	var want []uuid.UUID
	for _, name := range []string{"a", "b", "c"} {
		want = append([]uuid.UUID{s.signUp(name, true).id}, want...)
	}
	var got []uuid.UUID
	query := "?limit=2"
	for pages := 0; pages < 5; pages++ {
		page := read[edge.Listed[people.Profile]](s.get("/v1/streamers"+query, "").want(http.StatusOK))
		for _, p := range page.Items {
			got = append(got, p.ID)
		}
		if page.NextCursor == nil {
			break
		}
		query = "?limit=2&cursor=" + *page.NextCursor
	}
	if len(got) != 3 || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
		t.Errorf("streamers %v, want %v", got, want)
	}
}

func TestAChargeIsMadeOnceForItsKey(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina := s.signUp("mina", false)
	charge := func(key string, body any) reply {
		return s.call(http.MethodPost, "/v1/users/me/charges", mina.token, body, "Idempotency-Key", key)
	}
	first := read[api.Charge](charge("one", object{"amount": 50_000}).want(http.StatusCreated))
	if first.Amount != 50_000 || first.Status != ledger.ChargeSucceeded || first.Cash.Available != 50_000 {
		t.Errorf("charged %+v", first)
	}
	if again := read[api.Charge](charge("one", `{ "amount" : 50000 }`).want(http.StatusCreated)); again != first {
		t.Errorf("the repeated call gave %+v, want %+v", again, first)
	}
	charge("one", object{"amount": 50_001}).refused(http.StatusUnprocessableEntity, "idempotency_key_reused")
	for range 2 {
		charge("two", object{"amount": 402}).refused(http.StatusPaymentRequired, "charge_declined")
	}
	if cash := s.cash(mina); cash.Available != 50_000 {
		t.Errorf("the wallet has %v, want 50,000 won", cash.Available)
	}
	lines := read[edge.Listed[api.Transaction]](s.get("/v1/users/me/transactions", mina.token).want(http.StatusOK))
	if len(lines.Items) != 1 || lines.Items[0].ID != first.ID || lines.Items[0].Kind != "charge" || lines.Items[0].MissionID != nil {
		t.Errorf("the statement is %+v", lines.Items)
	}
}
