package peopledb_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/account"
	"example.com/missionpot/internal/core/fault"
)

const (
	month   = 30 * 24 * time.Hour
	quarter = 3 * month
)

func hashOf(name string) []byte {
	sum := sha256.Sum256([]byte(name))
	return sum[:]
}

// startSession starts a session with the present password.
func (f fixture) startSession(user uuid.UUID, first string, unused time.Duration) error {
	f.t.Helper()
	_, err := f.StartSession(f.t.Context(), user, f.passwordHash(user), hashOf(first), unused)
	return err
}

func (f fixture) passwordHash(user uuid.UUID) (hash string) {
	f.t.Helper()
	if err := f.Pool.QueryRow(f.t.Context(), `SELECT password_hash FROM users WHERE id = $1`, user).Scan(&hash); err != nil {
		f.t.Fatal(err)
	}
	return hash
}

// session starts a session for a new user, with a first token of that name.
func (f fixture) session(first string) uuid.UUID {
	f.t.Helper()
	user := f.User(0)
	if err := f.startSession(user, first, month); err != nil {
		f.t.Fatalf("start a session: %v", err)
	}
	return user
}

func (f fixture) rotate(from, to string) (uuid.UUID, error) {
	in, _, err := f.rotateWithin(0, from, to)
	return in.User, err
}

// rotateWithin rotates, with a time in which a token may be used again.
func (f fixture) rotateWithin(repeat time.Duration, from, to string) (account.SignIn, string, error) {
	r := account.Rotation{Next: hashOf(to), Sealed: []byte(to), Unused: month}
	in, sealed, err := f.RotateSession(f.t.Context(), hashOf(from), r, repeat, quarter)
	return in, string(sealed), err
}

func TestARepeatedRefreshGetsTheFirstAnswerWhileItsSuccessorIsUnused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	user := f.session("first")
	if in, sealed, err := f.rotateWithin(time.Minute, "first", "second"); err != nil || sealed != "" || in.User != user {
		t.Fatalf("the first use returned %+v, %q, %v", in, sealed, err)
	}
	for range 3 { // the answer was lost, again and again
		if in, sealed, err := f.rotateWithin(time.Minute, "first", "never"); err != nil || sealed != "second" || in.User != user {
			t.Fatalf("a repetition returned %+v, %q, %v, want the same successor", in, sealed, err)
		}
	}
	if _, _, err := f.rotateWithin(time.Minute, "second", "third"); err != nil {
		t.Fatalf("the successor: %v", err)
	}
	if _, _, err := f.rotateWithin(time.Minute, "first", "thief's"); !errors.Is(err, fault.TokenReused) {
		t.Errorf("once the successor was used: %v, want reused", err)
	}
	if _, _, err := f.rotateWithin(time.Minute, "third", "fourth"); !errors.Is(err, fault.Unauthenticated) {
		t.Errorf("the sign-in is still valid after a reuse: %v", err)
	}
}

func TestAUsedTokenIsNotRepeatedAfterItsTime(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	user := f.session("first")
	if _, _, err := f.rotateWithin(time.Minute, "first", "second"); err != nil {
		t.Fatal(err)
	}
	f.Exec(`UPDATE refresh_tokens SET used_at = used_at - interval '1 minute'`)
	before := f.Figure(`SELECT generation FROM users WHERE id = $1`, user)
	if _, _, err := f.rotateWithin(time.Minute, "first", "thief's"); !errors.Is(err, fault.TokenReused) {
		t.Errorf("a minute later: %v, want reused", err)
	}
	if after := f.Figure(`SELECT generation FROM users WHERE id = $1`, user); after != before+1 {
		t.Errorf("the generation went from %d to %d: the copier's access token is still valid", before, after)
	}
}

// Two tabs of a browser refresh with the same token at once.
func TestTabsThatRefreshAtOnceAllStaySignedIn(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.session("first")
	next := make([]string, 8)
	var wg sync.WaitGroup
	for i := range next {
		wg.Go(func() {
			name := fmt.Sprintf("tab %d's", i)
			_, sealed, err := f.rotateWithin(time.Minute, "first", name)
			if err != nil {
				t.Errorf("tab %d: %v", i, err)
			}
			if next[i] = sealed; sealed == "" {
				next[i] = name
			}
		})
	}
	wg.Wait()
	for _, name := range next {
		if name != next[0] {
			t.Fatalf("the tabs got %q, want one successor for all", next)
		}
	}
	if _, _, err := f.rotateWithin(time.Minute, next[0], "later"); err != nil {
		t.Errorf("the sign-in is not valid any more: %v", err)
	}
}

func TestEachRefreshTokenLeadsToTheNext(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	user := f.session("token 0")
	for i := range 5 {
		got, err := f.rotate(fmt.Sprintf("token %d", i), fmt.Sprintf("token %d", i+1))
		if err != nil || got != user {
			t.Fatalf("rotation %d: user %v, error %v; want %v", i, got, err, user)
		}
	}
}

func TestAReusedTokenEndsItsFamilyAndNoOther(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.session("stolen")
	other := f.session("other")
	if _, err := f.rotate("stolen", "second"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.rotate("stolen", "thief's"); !errors.Is(err, fault.TokenReused) {
		t.Errorf("a token used again: %v, want fault.TokenReused", err)
	}
	for _, name := range []string{"second", "stolen", "thief's"} {
		if _, err := f.rotate(name, "next of "+name); !errors.Is(err, fault.Unauthenticated) {
			t.Errorf("after the reuse the token %q: %v, want fault.Unauthenticated", name, err)
		}
	}
	if got, err := f.rotate("other", "other 2"); err != nil || got != other {
		t.Errorf("another sign-in: user %v, error %v; want it untouched", got, err)
	}
}

func TestOfTwoRotationsAtOnceOneIsAReuse(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for round := range 10 {
		name := fmt.Sprintf("round %d", round)
		f.session(name)
		var wg sync.WaitGroup
		errs := make([]error, 4)
		for i := range errs {
			wg.Go(func() { _, errs[i] = f.rotate(name, fmt.Sprintf("%s next %d", name, i)) })
		}
		wg.Wait()
		won := 0
		for _, err := range errs {
			switch {
			case err == nil:
				won++
			case !errors.Is(err, fault.TokenReused) && !errors.Is(err, fault.Unauthenticated):
				t.Fatalf("rotate: %v", err)
			}
		}
		if won != 1 {
			t.Fatalf("round %d: %d of 4 rotations of one token succeeded, want 1", round, won)
		}
	}
}

func TestSigningOutEndsTheFamily(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.session("first")
	if _, err := f.rotate("first", "second"); err != nil {
		t.Fatal(err)
	}
	for range 2 { // signing out twice is no error
		if err := f.EndSession(t.Context(), hashOf("second")); err != nil {
			t.Errorf("sign out: %v", err)
		}
	}
	if _, err := f.rotate("second", "third"); !errors.Is(err, fault.Unauthenticated) {
		t.Errorf("after signing out: %v, want fault.Unauthenticated", err)
	}
	if err := f.EndSession(t.Context(), hashOf("never seen")); err != nil {
		t.Errorf("signing out of nothing: %v", err)
	}
}

func TestAnUnusedTokenExpires(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	user := f.User(0)
	if err := f.startSession(user, "old", -time.Second); err != nil {
		t.Fatal(err)
	}
	if _, err := f.rotate("old", "new"); !errors.Is(err, fault.Unauthenticated) {
		t.Errorf("an expired token: %v, want fault.Unauthenticated", err)
	}
}

func TestExpiredSignInsAreDeletedByTheNext(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	user := f.session("living")
	for i := range 3 {
		f.Exec(`WITH f AS (INSERT INTO refresh_families (id, user_id) VALUES (gen_random_uuid(), $1) RETURNING id)
			INSERT INTO refresh_tokens (hash, family_id, expires_at) SELECT $2, id, clock_timestamp() - interval '1 second' FROM f`,
			user, hashOf(fmt.Sprintf("lapsed %d", i)))
	}
	if err := f.startSession(user, "new", month); err != nil {
		t.Fatal(err)
	}
	if n := f.Figure(`SELECT count(*) FROM refresh_families`); n != 2 {
		t.Errorf("%d sign-ins are kept, want the valid and the new one", n)
	}
	if _, err := f.rotate("living", "living 2"); err != nil {
		t.Errorf("the valid sign-in: %v", err)
	}
}

func TestASessionThatIsRefreshedForYearsDoesNotGrow(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.session("token 0")
	for i := range 4 {
		if _, err := f.rotate(fmt.Sprintf("token %d", i), fmt.Sprintf("token %d", i+1)); err != nil {
			t.Fatal(err)
		}
		f.Exec(`UPDATE refresh_tokens SET expires_at = clock_timestamp() - interval '1 second' WHERE used_at IS NOT NULL`)
	}
	if n := f.Figure(`SELECT count(*) FROM refresh_tokens`); n > 2 {
		t.Errorf("%d tokens are kept, want expired ones deleted", n)
	}
}

func TestSigningOutEverywhereEndsEveryFamilyOfOneUser(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mina, other := f.session("phone"), f.session("somebody else's")
	if err := f.startSession(mina, "laptop", month); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := f.EndSessions(t.Context(), mina); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"phone", "laptop"} {
		if _, err := f.rotate(name, name+" 2"); !errors.Is(err, fault.Unauthenticated) {
			t.Errorf("the %s is still signed in after signing out everywhere: %v", name, err)
		}
	}
	if got, err := f.rotate("somebody else's", "next"); err != nil || got != other {
		t.Errorf("another user was signed out too: %v", err)
	}
}

func TestASignInEndsAfterItsWholeTimeHoweverOftenItIsRefreshed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.session("token 0")
	f.Exec(`UPDATE refresh_families SET created_at = created_at - $1::interval + interval '1 minute'`, quarter)
	if _, err := f.rotate("token 0", "token 1"); err != nil {
		t.Errorf("a minute before its end: %v", err)
	}
	f.Exec(`UPDATE refresh_families SET created_at = created_at - interval '1 minute'`)
	if _, err := f.rotate("token 1", "token 2"); !errors.Is(err, fault.Unauthenticated) {
		t.Errorf("at its end: %v, want fault.Unauthenticated", err)
	}
}
