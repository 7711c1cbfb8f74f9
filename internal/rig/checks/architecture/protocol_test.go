package architecture_test

import (
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// rule is a section of the page about the protocol.
type rule struct {
	number int
	text   string
}

func rules(t *testing.T) []rule {
	t.Helper()
	heading := regexp.MustCompile(`(?m)^### Rule (\d+): .+$`)
	text := read(t, filepath.Join(root, "docs/protocol.md"))
	places := heading.FindAllStringSubmatchIndex(text, -1)
	all := make([]rule, len(places))
	for i, place := range places {
		end := len(text)
		if i+1 < len(places) {
			end = places[i+1][0]
		}
		all[i] = rule{number(t, text[place[2]:place[3]]), text[place[1]:end]}
	}
	return all
}

func number(t *testing.T, digits string) int {
	t.Helper()
	n, err := strconv.Atoi(digits)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Each rule has its reason, its place in the code, and a test with its number in the name. Another
// test checks the links and test names of all pages.
func TestEachRuleOfTheProtocolHasAReasonAPlaceAndATestOfItsName(t *testing.T) {
	t.Parallel()
	for i, r := range rules(t) {
		if r.number != i+1 {
			t.Errorf("found rule %d where rule %d should be", r.number, i+1)
		}
		for _, want := range []string{`\*Without it\* `, `\*Kept in\* .`, "\\*Held by\\* `TestRule" + strconv.Itoa(r.number) + "[A-Z]"} {
			if !regexp.MustCompile(want).MatchString(r.text) {
				t.Errorf("rule %d does not have %s", r.number, want)
			}
		}
	}
}

// Every cited rule must be on the page.
func TestEachRuleThatIsCitedIsOnThePage(t *testing.T) {
	t.Parallel()
	last := len(rules(t))
	cited := regexp.MustCompile(`(?:\brules? (\d+)|func TestRule(\d+)[A-Z])`)
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		switch filepath.Ext(path) {
		case ".go", ".md", ".sql", ".tf", ".pml":
		default:
			return nil
		}
		for _, match := range cited.FindAllStringSubmatch(read(t, path), -1) {
			if n := number(t, match[1]+match[2]); n < 1 || n > last {
				t.Errorf("%s cites rule %d; docs/protocol.md has %d rules", strings.TrimPrefix(path, root), n, last)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
