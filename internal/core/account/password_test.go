package account_test

import (
	"errors"
	"strings"
	"testing"

	"example.com/missionpot/internal/core/account"
	"example.com/missionpot/internal/core/fault"
)

func TestAPasswordMayBeOfAnyCharacters(t *testing.T) {
	t.Parallel()
	for _, password := range []string{
		"correct horse battery", "비밀번호가아주아주길고깁니다요", "🔑🚪🏠🌳🐦🌍🎈🎲🎸🚀🧊🍎🧵🪁🔔", "8274917401937462", "a b c d e f g h i",
		strings.Repeat("가나다라마바사아", account.MaxPassword/8),
	} {
		if err := account.CheckPassword("body.password", password, "mina@example.com", "Mina"); err != nil {
			t.Errorf("the password %q was refused: %v", password, err)
		}
	}
}

func TestAPasswordIsNotWhatAGuesserTriesFirst(t *testing.T) {
	t.Parallel()
	for name, password := range map[string]string{
		"a common one":                     "passwordpassword",
		"a common one in capitals":         "PasswordPassword",
		"a common one and digits":          "password1234567",
		"a common one and another":         "!!!Dragon12345678",
		"one character":                    strings.Repeat(" ", 15),
		"one piece again and again":        "abcabcabcabcabcabc",
		"a run":                            "abcdefghijklmnopqrs",
		"a run of digits, round the end":   "678901234567890",
		"a run backwards":                  "987654321098765",
		"the address":                      "mina.kim@example.com",
		"the name":                         "MinaKimMinaKim2026",
		"the name and the service":         "mina kim missionpot",
		"the service":                      "MissionPotMissionPot",
		"the name in another form of text": "ＭＩＮＡｍｉｎａＭＩＮＡ12345",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := account.CheckPassword("body.password", password, "mina.kim@example.com", "Mina Kim")
			if !errors.Is(err, fault.Invalid) {
				t.Errorf("%q was taken, want it refused", password)
			}
		})
	}
}

// macOS sends Hangul as single letters, others as syllables.
func TestAPasswordIsTheSameFromEveryKeyboard(t *testing.T) {
	t.Parallel()
	composed, decomposed := "비밀 \u00e9", "\u1107\u1175\u1106\u1175\u11af e\u0301"
	if account.NormalPassword(decomposed) != account.NormalPassword(composed) {
		t.Errorf("%q and %q are two passwords, want one", composed, decomposed)
	}
}

// The binary search relies on the order.
func TestEveryLineOfTheListIsFound(t *testing.T) {
	t.Parallel()
	for _, password := range account.CommonPasswords() {
		if !account.Common(password) {
			t.Errorf("%q is in the list and not found", password)
		}
	}
	for _, password := range []string{"", "\x00", "no such password", "\U0010ffff"} {
		if account.Common(password) {
			t.Errorf("%q is not in the list, and found", password)
		}
	}
}
