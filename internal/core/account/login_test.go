package account_test

import (
	"bytes"
	"net/netip"
	"testing"

	"example.com/missionpot/internal/core/account"
)

func TestTheBudgetsOfATryDistinguishAccountsAndPlaces(t *testing.T) {
	t.Parallel()
	key := []byte("a key")
	try := func(email, from string) account.LoginTry {
		return account.NewLoginTry(key, email, netip.MustParseAddr(from))
	}
	home := try("mina@example.com", "192.0.2.1")
	elsewhere := try("mina@example.com", "192.0.2.2")
	jun := try("jun@example.com", "192.0.2.1")
	same := func(a, b account.Budget) bool { return bytes.Equal(a.Key, b.Key) }
	if same(home.Pair, elsewhere.Pair) || same(home.Pair, jun.Pair) || same(home.Pair, home.Account) || same(home.Account, home.Address) {
		t.Error("two budgets share a key")
	}
	if !same(home.Account, elsewhere.Account) || same(home.Account, jun.Account) {
		t.Error("the account's budget must be the same from everywhere, and differ between accounts")
	}
	if !same(home.Address, jun.Address) || same(home.Address, elsewhere.Address) {
		t.Error("the address's budget must be the same for every account, and differ between addresses")
	}
	if other := account.NewLoginTry([]byte("another key"), "mina@example.com", netip.MustParseAddr("192.0.2.1")); same(home.Pair, other.Pair) {
		t.Error("the hash must depend on the key, or anyone could compute it")
	}
}

func TestAClientIsOneIPv4AddressOrOneIPv6Network(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"192.0.2.1":            "192.0.2.1",
		"::ffff:192.0.2.1":     "192.0.2.1",
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64",
		"2001:db8:1:2::ffff":   "2001:db8:1:2::/64",
		"fe80::1%eth0":         "fe80::/64",
		"2001:db8:1:3:3:4:5:6": "2001:db8:1:3::/64",
	} {
		if got := account.Place(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s is %s, want %s", address, got, want)
		}
	}
}
