package account_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"example.com/missionpot/internal/core/account"
	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/core/ledger"
)

func signUp() account.SignUp {
	return account.SignUp{Email: "mina@example.com", Password: "correct horse battery", DisplayName: "Mina", Locale: account.English}
}

func TestAnAddressIsKeptTrimmedAndInLowerCase(t *testing.T) {
	t.Parallel()
	s := signUp()
	s.Email = "  Mina.Kim+Pot@Example.COM\t"
	got, err := s.Normalised()
	if err != nil {
		t.Fatalf("refused: %v", err)
	}
	if got.Email != "mina.kim+pot@example.com" {
		t.Errorf("kept as %q, want it trimmed and in lower case", got.Email)
	}
}

func TestANewUserReadsKoreanUnlessTheySayOtherwise(t *testing.T) {
	t.Parallel()
	s := signUp()
	s.Locale = ""
	got, err := s.Normalised()
	if err != nil || got.Locale != account.Korean {
		t.Errorf("locale %q, error %v; want ko", got.Locale, err)
	}
}

func TestRefusesASignUpThatBreaksARule(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*account.SignUp)
		field  string
	}{
		"no address":                 {func(s *account.SignUp) { s.Email = "" }, "body.email"},
		"no at sign":                 {func(s *account.SignUp) { s.Email = "mina.example.com" }, "body.email"},
		"an address with a name":     {func(s *account.SignUp) { s.Email = "Mina <mina@example.com>" }, "body.email"},
		"two addresses":              {func(s *account.SignUp) { s.Email = "a@example.com,b@example.com" }, "body.email"},
		"a line break in an address": {func(s *account.SignUp) { s.Email = "a@example.com\r\nBcc: b@example.com" }, "body.email"},
		"a space in an address":      {func(s *account.SignUp) { s.Email = `"a b"@example.com` }, "body.email"},
		"an address beyond ASCII":    {func(s *account.SignUp) { s.Email = "미나@example.com" }, "body.email"},
		"an address too long":        {func(s *account.SignUp) { s.Email = strings.Repeat("a", 251) + "@b.c" }, "body.email"},
		"a short password":           {func(s *account.SignUp) { s.Password = "열네글자인것같은비밀번호야" }, "body.password"},
		"a long password":            {func(s *account.SignUp) { s.Password = strings.Repeat("가나다라마바사아자", 15) }, "body.password"},
		"a guessable password":       {func(s *account.SignUp) { s.Password = "mina@example.com" }, "body.password"},
		"no name":                    {func(s *account.SignUp) { s.DisplayName = "" }, "body.display_name"},
		"a blank name":               {func(s *account.SignUp) { s.DisplayName = " \u3000" }, "body.display_name"},
		"a long name":                {func(s *account.SignUp) { s.DisplayName = strings.Repeat("가", 41) }, "body.display_name"},
		"a control character":        {func(s *account.SignUp) { s.DisplayName = "Mi\x00na" }, "body.display_name"},
		"an unknown language":        {func(s *account.SignUp) { s.Locale = "fr" }, "body.locale"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := signUp()
			c.change(&s)
			_, err := s.Normalised()
			var refused *fault.Error
			if !errors.As(err, &refused) || refused.Kind != fault.Invalid || refused.Field != c.field {
				t.Errorf("got %v, want fault.Invalid on %s", err, c.field)
			}
		})
	}
}

func TestAChangeLeavesOutWhatItDoesNotName(t *testing.T) {
	t.Parallel()
	before := account.User{DisplayName: "Mina", Locale: account.Korean, Terms: account.DefaultTerms()}
	name := "Mina Kim"
	after, err := before.With(account.Change{DisplayName: &name})
	if err != nil {
		t.Fatalf("refused: %v", err)
	}
	want := before
	want.DisplayName = name
	if after != want {
		t.Errorf("after the change: %+v, want only another name: %+v", after, want)
	}
}

func TestBothStakesCanBeMovedAtOnceAndNeverPastEachOther(t *testing.T) {
	t.Parallel()
	before := account.User{DisplayName: "Mina", Locale: account.Korean, Terms: account.DefaultTerms()}
	before.Terms.MinStake, before.Terms.MaxStake = 5_000, 10_000
	low, high := ledger.Won(200), ledger.Won(300)
	if _, err := before.With(account.Change{MinStake: &low, MaxStake: &high}); err != nil {
		t.Errorf("moving both stakes below the old ones was refused: %v", err)
	}
	if _, err := before.With(account.Change{MaxStake: &high}); !errors.Is(err, fault.Invalid) {
		t.Errorf("a max_stake below min_stake gave %v, want fault.Invalid", err)
	}
	never := time.Duration(0)
	if _, err := before.With(account.Change{Acceptance: &never}); !errors.Is(err, fault.Invalid) {
		t.Errorf("no time to accept gave %v, want fault.Invalid", err)
	}
}
