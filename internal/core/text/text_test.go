package text_test

import (
	"errors"
	"strings"
	"testing"

	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/core/text"
)

// invisible are texts of invisible characters, alone or in a row.
var invisible = []rune{
	' ', 0x00A0, 0x3000, 0x200B, 0x3164, 0xFFA0, 0x115F, 0x2800, 0x2060, 0xFEFF, 0x00AD, 0x200D, 0xFE0F, 0x180E, 0x2062, 0xE0041, 0x0301,
}

func refuses(t *testing.T, what string, err error) {
	t.Helper()
	var refused *fault.Error
	if !errors.As(err, &refused) || refused.Kind != fault.Invalid || refused.Field != "body.x" {
		t.Errorf("%s gave %v, want fault.Invalid on body.x", what, err)
	}
}

func TestInvisibleTextIsBlank(t *testing.T) {
	t.Parallel()
	for _, r := range invisible {
		for _, s := range []string{string(r), strings.Repeat(string(r), 3), " " + string(r)} {
			refuses(t, strings.ToUpper(s), text.Line("body.x", s, 1, 40))
			refuses(t, s, text.Lines("body.x", s, 1, 40))
			refuses(t, s, text.Name("body.x", s, 40))
		}
	}
	if err := text.Lines("body.x", "", 0, 40); err != nil {
		t.Errorf("optional text was refused: %v", err)
	}
}

func TestOneLineHasNoSeparatorsAndNoMeaninglessCharacters(t *testing.T) {
	t.Parallel()
	for _, r := range []rune{0x2028, 0x2029, '\n', '\r', '\t', 0, 0x85, 0x202E, 0x2066, 0xE000, 0xFDD0, 0x10FFFF} {
		refuses(t, string(r), text.Line("body.x", "a"+string(r)+"b", 1, 40))
	}
	refuses(t, "no UTF-8", text.Line("body.x", "a\xff", 1, 40))
	if err := text.Lines("body.x", "a\n\tb\u2028c\u2029d\r\n", 1, 40); err != nil {
		t.Errorf("lines were refused: %v", err)
	}
}

func TestMisleadingNamesAreRefused(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		text.Former, "(Former User)", "former  user", "Missionpot", "Missionpot Support", "missi0npot", "Miss1onp0t Help", "М\u0456ss\u0456\u043enp\u043et", "ＭＩＳＳＩＯＮＰＯＴ",
		"Admin", "SUPPORT", "support!", "Suppοrt", "운영자", "관리자", "(탈퇴한 사용자)",
		"Minа", "Jun \u0435", "Alphα",
		"https://evil.example", "evil.com", "see evil.co.kr now", "www.evil", "evil。com", "ｅｖｉｌ．ｃｏｍ", "mina@evil.com",
		"Mi\u200Bna", "Mi\u2060na", "Mi\u3164na", "Mi\u00ADna", "Mi\u2800na", "Mi\U000E0041na",
	} {
		refuses(t, name, text.Name("body.x", name, 40))
	}
}

func TestNamesOfPeopleAreAccepted(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"Mina", "미나", "미나 Kim", "金美娜", "金미나 Kim", "ミナ・キム", "Мина", "Μίνα", "مينا", "मीना", "क\u094d\u200dष", "Zoë", "Zoe\u0308", "O'Neil-Kim Jr.", "J. R. Kim",
		"mina_99", "⭐ mina ⭐", "👩\u200d🚀", "❤\ufe0f", "v1.2", "1.5x", "...", "Supporter of Mina", "Adminton", "x", "St.Louis",
	} {
		if err := text.Name("body.x", name, 40); err != nil {
			t.Errorf("%q was refused: %v", name, err)
		}
	}
}

func TestAddressesThatCanNotReceiveMailAreRefused(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"", "mina", "a@b", "a@example", "@example.com", "a@", "a@b@example.com", "a@[127.0.0.1]", "a@127.0.0.1", "a@[IPv6:::1]", "a@-example.com", "a@example-.com",
		"a@example..com", "a@.example.com", "a@example.com.", "a@ex_ample.com", "a@" + strings.Repeat("b", 64) + ".com", strings.Repeat("a", 65) + "@example.com",
		"\u212Aim@example.com", "M\u0130na@example.com", "mina@\u212Aim.com", "미나@example.com", "mina@예.kr", "a\u0000@example.com", "a b@example.com", `"a b"@example.com`,
		".a@example.com", "a.@example.com", "a..b@example.com", "a@" + strings.Repeat("b.", 130) + "com",
	} {
		_, err := text.Address("body.x", address)
		refuses(t, address, err)
	}
}

func TestAnAddressIsStoredTrimmedAndInLowerCase(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"  Mina.Kim+Pot@Example.COM\t": "mina.kim+pot@example.com", "a@b.c": "a@b.c", "o'neil@xn--bj0bj06e.kr": "o'neil@xn--bj0bj06e.kr",
		strings.Repeat("a", 64) + "@example.com": strings.Repeat("a", 64) + "@example.com", "a@r3---sn.example.com": "a@r3---sn.example.com",
	} {
		if got, err := text.Address("body.x", given); err != nil || got != want {
			t.Errorf("%q is stored as %q, error %v; want %q", given, got, err, want)
		}
	}
}
