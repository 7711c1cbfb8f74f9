package architecture_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const root = "../../../.."

var (
	link = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	// page matches a comment's reference to a page of this repository.
	page = regexp.MustCompile(`docs/[\w/.-]+\.md`)
)

// Every link must have a target.
func TestEveryLinkInPagesAndCommentsHasATarget(t *testing.T) {
	t.Parallel()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() && strings.HasPrefix(entry.Name(), ".git") {
			return err
		}
		switch filepath.Ext(path) {
		case ".md":
			checkLinks(t, path)
		case ".go", ".sql", ".tf", ".yaml":
			checkPages(t, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func checkLinks(t *testing.T, path string) {
	t.Helper()
	for _, match := range link.FindAllStringSubmatch(read(t, path), -1) {
		target, _, _ := strings.Cut(match[1], "#")
		if target == "" || strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
			continue
		}
		if _, err := os.Stat(filepath.Join(filepath.Dir(path), target)); err != nil {
			t.Errorf("%s links to %s, which does not exist", path, target)
		}
	}
}

func checkPages(t *testing.T, path string) {
	t.Helper()
	for _, target := range page.FindAllString(read(t, path), -1) {
		if _, err := os.Stat(filepath.Join(root, target)); err != nil {
			t.Errorf("%s names %s, which does not exist", path, target)
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// A page names a test as proof, so the test must exist.
func TestEveryTestThatAPageNamesExists(t *testing.T) {
	t.Parallel()
	var pages []string
	there := map[string]bool{}
	declared := regexp.MustCompile(`func ((?:Test|Fuzz)[A-Z]\w+)\(`)
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil || entry.IsDir():
			return err
		case strings.HasSuffix(path, ".md"):
			pages = append(pages, path)
		case strings.HasSuffix(path, "_test.go"):
			for _, match := range declared.FindAllStringSubmatch(read(t, path), -1) {
				there[match[1]] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`((?:Test|Fuzz)[A-Z]\\w+)`")
	for _, path := range pages {
		for _, match := range named.FindAllStringSubmatch(read(t, path), -1) {
			if !there[match[1]] {
				t.Errorf("%s names %s, which does not exist", path, match[1])
			}
		}
	}
}

// A reader of a decision must know whether it still holds.
func TestEveryDecisionSaysWhetherItHolds(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob(filepath.Join(root, "docs/decisions/*.md"))
	if err != nil || len(pages) == 0 {
		t.Fatalf("found %d decisions (%v)", len(pages), err)
	}
	status := regexp.MustCompile(`^# \d+\. .+\n\n(Accepted, \d{4}-\d\d-\d\d\.|Superseded by )`)
	for _, path := range pages {
		if !status.MatchString(read(t, path)) {
			t.Errorf("%s does not begin with its number and, in a line of its own, its status and date", path)
		}
	}
}
