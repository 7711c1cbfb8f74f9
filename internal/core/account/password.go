package account

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"example.com/missionpot/internal/core/fault"
)

// The limits of a password, counted in Unicode code points. NIST SP 800-63B-4,
// 3.1.1.2, asks for at least 15 where a password is all there is to sign in
// with, and for at least 64 to be possible. The upper one bounds the work of
// hashing.
const (
	MinPassword = 15
	MaxPassword = 128
	// minUnexpected is how much of a password must be more than what a guesser
	// tries first.
	minUnexpected = 8
	// minWord is the shortest word about a person that counts as a guess.
	minWord = 3
)

// service is a word that people use in passwords for this service.
const service = "missionpot"

// NormalPassword is the form a password is hashed in: two keyboards may send
// the same text as different code points (NIST SP 800-63B-4 names NFKC).
func NormalPassword(password string) string { return norm.NFKC.String(password) }

// CheckPassword refuses a password that is too short, too long, or that a
// guesser tries first, with fault.Invalid on the field. There are no rules of
// composition. The words are what others may know about the user: their address
// and their name.
func CheckPassword(field, password string, words ...string) error {
	password = NormalPassword(password)
	if n := utf8.RuneCountInString(password); n < MinPassword || n > MaxPassword {
		return fault.Invalid.On(field, fmt.Sprintf("must be %d to %d characters long", MinPassword, MaxPassword))
	}
	if expected(strings.ToLower(password), words) {
		return fault.Invalid.On(field, "is too easy to guess: it is a common one, one short piece again and again, or made of your name or address; a few unrelated words are better")
	}
	return nil
}

// expected removes what a guesser tries first, and checks what is left.
func expected(password string, words []string) bool {
	if common(password) {
		return true
	}
	rest := password
	for _, word := range guesses(words) {
		rest = strings.ReplaceAll(rest, word, "")
	}
	letters := strings.TrimFunc(rest, not(unicode.IsLetter))
	if letters != "" && common(letters) {
		rest = strings.Replace(rest, letters, "", 1)
	}
	rest = strings.TrimSpace(rest)
	bare := strings.TrimFunc(rest, not(unicode.IsLetter, unicode.IsDigit))
	return utf8.RuneCountInString(rest) < minUnexpected || common(bare) || repeats(rest) || runs(rest)
}

func not(kinds ...func(rune) bool) func(rune) bool {
	return func(r rune) bool {
		return !slices.ContainsFunc(kinds, func(is func(rune) bool) bool { return is(r) })
	}
}

// guesses are the words that a password must not be made of, the longest first,
// in lower case: each text as it is, its parts, and the service's name.
func guesses(words []string) []string {
	guessed := []string{service}
	for _, text := range words {
		text = strings.ToLower(NormalPassword(text))
		parts := strings.FieldsFunc(text, not(unicode.IsLetter, unicode.IsDigit))
		for _, word := range append(parts, text) {
			if utf8.RuneCountInString(word) >= minWord {
				guessed = append(guessed, word)
			}
		}
	}
	slices.SortFunc(guessed, func(a, b string) int { return len(b) - len(a) })
	return guessed
}

// repeats reports whether text is one piece, shorter than minUnexpected, again
// and again.
func repeats(text string) bool {
	runes := []rune(text)
	for period := 1; period < minUnexpected && period <= len(runes)/2; period++ {
		if slices.Equal(runes[period:], runes[:len(runes)-period]) {
			return true
		}
	}
	return false
}

// runs reports whether text goes on in steps of one all along, as
// abcdefghijklmno and 987654321098765 do.
func runs(text string) bool {
	runes := []rune(text)
	up, down := true, true
	for i := 1; i < len(runes); i++ {
		before, after := runes[i-1], runes[i]
		up = up && (after-before == 1 || before == '9' && after == '0')
		down = down && (before-after == 1 || before == '0' && after == '9')
	}
	return up || down
}

// commonPasswords are the ones that most accounts were broken into with, in
// lower case, sorted, one a line; common_passwords.LICENSE says whose list it is.
//
//go:embed common_passwords.txt
var commonPasswords string

// common looks text up in the list with a binary search: the list is embedded
// in the program as it is, and reading it allocates no memory.
func common(text string) bool {
	low, high := 0, len(commonPasswords) // both at the beginning of a line
	for low < high {
		middle := low + (high-low)/2
		begin := low + strings.LastIndexByte(commonPasswords[low:middle], '\n') + 1
		end := begin + strings.IndexByte(commonPasswords[begin:], '\n')
		switch line := commonPasswords[begin:end]; {
		case line == text:
			return true
		case line < text:
			low = end + 1
		default:
			high = begin
		}
	}
	return false
}
