package peopledb_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"example.com/missionpot/internal/core/account"
	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/core/ledger"
)

func person(email string) account.User {
	return account.User{
		ID: uuid.Must(uuid.NewV7()), Email: email, DisplayName: "Mina", Locale: account.English, Terms: account.DefaultTerms(),
	}
}

func (f fixture) signUp(u account.User) account.User {
	f.t.Helper()
	kept, err := f.SignUp(f.t.Context(), u, "hash of "+u.Email)
	if err != nil {
		f.t.Fatalf("sign up %s: %v", u.Email, err)
	}
	return kept
}

func TestASignedUpUserIsReadBackWithAnEmptyWallet(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	streamer := person("jun@example.com")
	streamer.Streamer = true
	kept := f.signUp(streamer)
	if age := time.Since(kept.CreatedAt); age < -time.Minute || age > time.Minute {
		t.Errorf("signed up at %v, want about now", kept.CreatedAt)
	}
	read, err := f.UserByID(t.Context(), streamer.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(kept, read); diff != "" {
		t.Errorf("read back (-kept +read):\n%s", diff)
	}
	cash, err := f.Users.DB.Cash(t.Context(), streamer.ID)
	if err != nil || cash != (ledger.Cash{}) {
		t.Errorf("cash %+v, error %v; want an empty wallet", cash, err)
	}
	id, hash, err := f.Credentials(t.Context(), "jun@example.com")
	if err != nil || id != streamer.ID || hash != "hash of jun@example.com" {
		t.Errorf("credentials %v, %q, error %v", id, hash, err)
	}
}

func TestOneAddressMakesOneAccountHoweverManyAskAtOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var mu sync.Mutex
	var wg sync.WaitGroup
	made, refused := 0, 0
	for range 12 {
		wg.Go(func() {
			_, err := f.SignUp(t.Context(), person("mina@example.com"), "hash")
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				made++
			case errors.Is(err, fault.EmailTaken):
				refused++
			default:
				t.Errorf("sign up: %v", err)
			}
		})
	}
	wg.Wait()
	if made != 1 || refused != 11 {
		t.Errorf("%d accounts were made and %d refused, want 1 and 11", made, refused)
	}
	if n := f.Figure(`SELECT count(*) FROM wallets`); n != 1 {
		t.Errorf("%d wallets, want 1 because an account and its wallet are made together or not at all", n)
	}
}

func TestNobodyHasUnknownAddressesAndIds(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if id, hash, err := f.Credentials(t.Context(), "nobody@example.com"); err != nil || id != uuid.Nil || hash != "" {
		t.Errorf("credentials of nobody: %v, %q, %v", id, hash, err)
	}
	if _, err := f.UserByID(t.Context(), uuid.New()); !errors.Is(err, fault.NotFound) {
		t.Errorf("nobody by id: %v, want fault.NotFound", err)
	}
	if _, err := f.Users.DB.Cash(t.Context(), uuid.New()); !errors.Is(err, fault.NotFound) {
		t.Errorf("nobody's cash: %v, want fault.NotFound", err)
	}
	if _, err := f.ChangeUser(t.Context(), uuid.New(), account.Change{}); !errors.Is(err, fault.NotFound) {
		t.Errorf("a change of nobody: %v, want fault.NotFound", err)
	}
}

func TestAChangeIsKeptAndARefusedOneChangesNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.signUp(person("mina@example.com"))
	name, no, low, acceptance := "Mina Kim", false, ledger.Won(1_000), 2*time.Hour
	changed, err := f.ChangeUser(t.Context(), u.ID, account.Change{DisplayName: &name, AutoAccept: &no, MinStake: &low, Acceptance: &acceptance})
	if err != nil {
		t.Fatal(err)
	}
	if changed.DisplayName != name || changed.Terms.AutoAccept || changed.Terms.MinStake != low || changed.Terms.Acceptance != acceptance {
		t.Errorf("after the change: %+v", changed)
	}
	below := ledger.Won(500)
	if _, err := f.ChangeUser(t.Context(), u.ID, account.Change{DisplayName: &u.DisplayName, MaxStake: &below}); !errors.Is(err, fault.Invalid) {
		t.Errorf("a max_stake below min_stake: %v, want fault.Invalid", err)
	}
	if read, _ := f.UserByID(t.Context(), u.ID); !cmp.Equal(read, changed) {
		t.Errorf("the refused change left %+v, want %+v", read, changed)
	}
}

// Each change alone satisfies the rule min <= max. Both together would break it.
func TestTwoChangesAtOnceAreCheckedTogether(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.signUp(person("mina@example.com"))
	low, high := ledger.Won(50_000), ledger.Won(20_000)
	var wg sync.WaitGroup
	errs := make([]error, 2)
	wg.Go(func() { _, errs[0] = f.ChangeUser(t.Context(), u.ID, account.Change{MinStake: &low}) })
	wg.Go(func() { _, errs[1] = f.ChangeUser(t.Context(), u.ID, account.Change{MaxStake: &high}) })
	wg.Wait()
	if (errs[0] == nil) == (errs[1] == nil) {
		t.Errorf("the changes gave %v and %v, want exactly one refused", errs[0], errs[1])
	}
	if refused := errors.Join(errs...); !errors.Is(refused, fault.Invalid) {
		t.Errorf("the refusal is %v, want fault.Invalid because the second change must see the first", refused)
	}
}

func TestStreamersAreListedNewestFirstInPages(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var want []uuid.UUID
	for i := range 5 {
		u := person(fmt.Sprintf("s%d@example.com", i))
		u.Streamer = i != 2 // one of them is not a streamer
		f.signUp(u)
		if u.Streamer {
			want = append([]uuid.UUID{u.ID}, want...)
		}
	}
	var got []uuid.UUID
	before := uuid.Max
	for {
		page, err := f.Streamers(t.Context(), before, 3)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, u := range page {
			got = append(got, u.ID)
		}
		before = got[len(got)-1]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("streamers (-want +got):\n%s", diff)
	}
}
