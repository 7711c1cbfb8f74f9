package peopledb_test

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"example.com/missionpot/internal/core/account"
)

func tryFrom(address, email string) account.LoginTry {
	return account.NewLoginTry([]byte("a key"), email, netip.MustParseAddr(address))
}

// take makes a try and fails the test if the result is not the wanted one.
func (f fixture) take(try account.LoginTry, want bool) account.LoginTry {
	f.t.Helper()
	taken, wait, err := f.TakeLogin(f.t.Context(), try)
	if err != nil {
		f.t.Fatal(err)
	}
	if (wait == 0) != want {
		f.t.Fatalf("the try passes: %v (wait %v), want %v", wait == 0, wait, want)
	}
	return taken
}

// spend uses up a budget of a try, as if tries had been made a moment ago.
func (f fixture) spend(b account.Budget) {
	f.t.Helper()
	f.Exec(`INSERT INTO login_budgets (key, full_at) VALUES ($1, clock_timestamp() + $2::interval)
		ON CONFLICT (key) DO UPDATE SET full_at = excluded.full_at`, b.Key, b.Span())
}

func TestOfManyTriesAtOnceNoMorePassThanThereWereLeft(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	try := tryFrom("192.0.2.1", "mina@example.com")
	var passed, refused atomic.Int64
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			_, wait, err := f.TakeLogin(t.Context(), try)
			switch {
			case err != nil:
				t.Errorf("a try: %v", err)
			case wait == 0:
				passed.Add(1)
			case wait <= try.Pair.Every:
				refused.Add(1)
			default:
				t.Errorf("the wait is %v, want no more than %v", wait, try.Pair.Every)
			}
		})
	}
	wg.Wait()
	if passed.Load() != int64(try.Pair.Burst) || refused.Load() != 20-int64(try.Pair.Burst) {
		t.Errorf("%d tries passed and %d were refused, want %d and %d", passed.Load(), refused.Load(), try.Pair.Burst, 20-try.Pair.Burst)
	}
}

func TestARefusedTryCostsNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	try := tryFrom("192.0.2.1", "mina@example.com")
	f.spend(try.Pair)
	f.take(try, false)
	if n := f.Figure(`SELECT count(*) FROM login_budgets WHERE key <> $1`, try.Pair.Key); n != 0 {
		t.Error("a refused try was taken from the budget of the account or the address: an attacker at one address could lock out all others")
	}
}

func TestTriesComeBackOneByOne(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	try := tryFrom("192.0.2.1", "mina@example.com")
	f.spend(try.Pair)
	f.Exec(`UPDATE login_budgets SET full_at = full_at - $1::interval`, try.Pair.Every+time.Second)
	f.take(try, true)
	f.take(try, false)
}

func TestAnAttackerLocksOutNobodyAtOtherAddresses(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	home, away := tryFrom("192.0.2.1", "mina@example.com"), tryFrom("192.0.2.2", "mina@example.com")
	if err := f.LoginSucceeded(t.Context(), f.take(home, true)); err != nil {
		t.Fatal(err)
	}
	f.spend(tryFrom("203.0.113.9", "mina@example.com").Pair) // one attacker
	f.take(away, true)
	f.spend(home.Account) // very many attackers
	f.take(away, false)
	f.take(home, true)
	f.take(tryFrom("192.0.2.2", "jun@example.com"), true)
	f.Exec(`UPDATE login_budgets SET full_at = full_at - $2::interval WHERE key = $1`, home.Account.Key, home.Account.Every+time.Second)
	f.take(away, true) // and it passes
}

func TestOneAddressDoesNotTryOutManyAccounts(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.spend(tryFrom("203.0.113.9", "mina@example.com").Address)
	f.take(tryFrom("203.0.113.9", "jun@example.com"), false)
	f.take(tryFrom("192.0.2.1", "jun@example.com"), true)
}

func TestAGoodTryIsGivenBack(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	try := tryFrom("192.0.2.1", "mina@example.com")
	for range 5 {
		f.take(try, true)
	}
	if err := f.LoginSucceeded(t.Context(), f.take(try, true)); err != nil {
		t.Fatal(err)
	}
	if err := f.ReturnLogin(t.Context(), f.take(try, true)); err != nil { // was not looked at
		t.Fatal(err)
	}
	if n := f.Figure(`SELECT count(*) FROM login_budgets WHERE key = $1 AND full_at > clock_timestamp()`, try.Pair.Key); n != 0 {
		t.Error("the account's budget at this address is not full after a sign-in")
	}
	spent := f.Figure(`SELECT ceil(extract(epoch FROM full_at - clock_timestamp()) / extract(epoch FROM $2::interval)) FROM login_budgets WHERE key = $1`,
		try.Address.Key, try.Address.Every)
	if spent != 5 {
		t.Errorf("the address has %d tries spent, want only the 5 wrong ones", spent)
	}
}

func TestRowsThatAreNotNeededAreDeleted(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, address := range []string{"192.0.2.1", "192.0.2.2", "192.0.2.3"} {
		if err := f.LoginSucceeded(t.Context(), f.take(tryFrom(address, "mina@example.com"), true)); err != nil {
			t.Fatal(err)
		}
	}
	f.Exec(`UPDATE login_budgets SET full_at = full_at - interval '1 day', known_until = known_until - interval '31 days'`)
	f.take(tryFrom("192.0.2.9", "jun@example.com"), true)
	if n := f.Figure(`SELECT count(*) FROM login_budgets`); n != 3 {
		t.Errorf("%d rows are left, want the 3 of the last try", n)
	}
}
