package text

import (
	"slices"
	"strings"
	"unicode"

	"github.com/mtibben/confusables"
	"golang.org/x/net/publicsuffix"
	"golang.org/x/text/unicode/norm"

	"example.com/missionpot/internal/core/fault"
)

// Former is what others see instead of the name of a deleted account. Nobody may choose it.
const Former = "(former user)"

// service is the word that no name may have in it.
const service = "missionpot"

// reserved are names, without spaces and signs, that sound official.
var reserved = []string{
	Former, "admin", "administrator", "customer service", "help", "helpdesk", "moderator", "official", "operator",
	"root", "security", "staff", "support", "system", "team", "(탈퇴한 사용자)", "관리자", "운영자", "운영팀", "고객센터", "고객지원", "공식",
}

// Name refuses text that is not one line, and names that could be mistaken for the service, for a
// web address, or, by mixed scripts, for another name. The error is fault.Invalid.
func Name(field, name string, high int) error {
	if err := Line(field, name, 1, high); err != nil {
		return err
	}
	switch {
	case strings.ContainsFunc(name, hides):
		return fault.Invalid.On(field, "must not have invisible characters")
	case mixesScripts(name):
		return fault.Invalid.On(field, "must not mix letters of different scripts, such as Latin and Cyrillic")
	case speaksForService(name):
		return fault.Invalid.On(field, "is reserved")
	case hasWebAddress(name):
		return fault.Invalid.On(field, "must not have a web address in it")
	}
	return nil
}

// hides reports characters that are invisible. Joiners and variation selectors are needed for emoji
// and for the scripts of India.
func hides(r rune) bool {
	joins := r == '\u200C' || r == '\u200D' || unicode.Is(unicode.Variation_Selector, r)
	return isIgnorable(r) && !joins || r == blankPattern
}

// speaksForService reports whether a name sounds official. It compares the skeletons of UTS 39,
// which are equal for texts that look alike.
func speaksForService(name string) bool {
	looks := skeleton(name)
	if strings.Contains(looks, skeleton(service)) {
		return true
	}
	return slices.ContainsFunc(reserved, func(r string) bool { return skeleton(r) == looks })
}

// skeleton ignores case, spaces and signs, so that "Missionpot-Support!" is found as well. Letters
// are folded before and after, because the skeleton of a capital may be a small letter. The capital
// I looks like l.
func skeleton(text string) string {
	text = strings.ToLower(norm.NFKC.String(text))
	looks := strings.ToLower(confusables.Skeleton(text))
	return strings.Map(func(r rune) rune {
		if r == 'i' {
			return 'l'
		}
		if unicode.IsLetter(r) || unicode.IsNumber(r) {
			return r
		}
		return -1
	}, looks)
}

// together are the scripts that one language uses, and Latin with them: the level "highly
// restrictive" of UTS 39, 5.2.
var together = [][]*unicode.RangeTable{
	{unicode.Latin, unicode.Han, unicode.Hangul},
	{unicode.Latin, unicode.Han, unicode.Hiragana, unicode.Katakana},
	{unicode.Latin, unicode.Han, unicode.Bopomofo},
}

func mixesScripts(name string) bool {
	letters := []rune(strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Common, unicode.Inherited) {
			return -1
		}
		return r
	}, norm.NFKC.String(name)))
	if len(letters) == 0 {
		return false
	}
	sets := together
	for _, script := range unicode.Scripts {
		if unicode.Is(script, letters[0]) {
			sets = append(slices.Clone(together), []*unicode.RangeTable{script})
			break
		}
	}
	return !slices.ContainsFunc(sets, func(set []*unicode.RangeTable) bool {
		return !slices.ContainsFunc(letters, func(r rune) bool { return !unicode.In(r, set...) })
	})
}

// hasWebAddress reports text that a mail program turns into a link: a scheme, or a host under a
// domain of the public suffix list.
func hasWebAddress(name string) bool {
	name = strings.ToLower(strings.NewReplacer("。", ".", "｡", ".").Replace(norm.NFKC.String(name)))
	if strings.Contains(name, "://") || strings.Contains(name, "www.") {
		return true
	}
	hosts := strings.FieldsFunc(name, func(r rune) bool {
		return r != '.' && r != '-' && !unicode.IsLetter(r) && !unicode.IsNumber(r)
	})
	return slices.ContainsFunc(hosts, isHost)
}

func isHost(text string) bool {
	text = strings.Trim(text, ".-")
	if !strings.Contains(text, ".") || strings.Contains(text, "..") {
		return false
	}
	_, known := publicsuffix.PublicSuffix(text)
	return known
}
