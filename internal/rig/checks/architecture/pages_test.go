package architecture_test

import (
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// maxColumns is what a page's line may have, so that a page is readable in an editor and in a diff.
const maxColumns = 120

// target matches what a link leads to, which can't be wrapped.
var target = regexp.MustCompile(`\]\([^)\s]+\)`)

func TestALineOfAPageFitsTheScreen(t *testing.T) {
	t.Parallel()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".md" {
			checkColumns(t, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// checkColumns leaves out tables, and blocks of code, whose commands are there to be pasted.
func checkColumns(t *testing.T, path string) {
	t.Helper()
	inCode := false
	for i, line := range strings.Split(read(t, path), "\n") {
		start := strings.TrimSpace(line)
		if strings.HasPrefix(start, "```") {
			inCode = !inCode
		}
		if inCode || strings.HasPrefix(start, "|") || strings.HasPrefix(start, "![") {
			continue
		}
		if n := utf8.RuneCountInString(target.ReplaceAllString(line, "]")); n > maxColumns {
			t.Errorf("%s:%d has %d columns, want at most %d", path, i+1, n, maxColumns)
		}
	}
}
