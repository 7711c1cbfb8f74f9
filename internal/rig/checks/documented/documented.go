// Package documented reads the commands that the project's pages say to type.
//
// It exists because two tests want them: one compares every command with the code and with
// Terraform, the other runs those of the operators.
package documented

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// Command is a command that a page says to type.
type Command struct {
	Page        string   // path below the project's root
	Environment []string // names that it sets
	Words       []string // "$" stands for what the shell puts in
}

// Pages returns the texts that people read, by path below root. Decisions and records are left out:
// what was decided or measured once is not kept up to date.
func Pages(root string) (map[string]string, error) {
	pages := map[string]string{}
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			if entry != nil && (entry.Name() == ".git" || entry.Name() == "decisions" || entry.Name() == "records" || entry.Name() == "testdata") {
				return fs.SkipDir
			}
			return err
		}
		if filepath.Ext(path) != ".md" {
			return nil
		}
		text, err := os.ReadFile(filepath.Join(root, path))
		pages[path] = string(text)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the pages: %w", err)
	}
	if len(pages) < 20 {
		return nil, fmt.Errorf("found only %d pages in %s", len(pages), root)
	}
	return pages, nil
}

var (
	block  = regexp.MustCompile("(?ms)^ *```sh\n(.*?)^ *```")
	inline = regexp.MustCompile("`((?:make|go run|terraform|gcloud) [^`]+)`")
)

// Commands returns the commands of the pages' blocks and lines of code. The error names every
// piece that is no shell.
func Commands(pages map[string]string) (all []Command, err error) {
	for page, text := range pages {
		scripts := submatches(block, text)
		for _, line := range submatches(inline, block.ReplaceAllString(text, "")) {
			scripts = append(scripts, strings.ReplaceAll(line, "\n", " "))
		}
		for _, script := range scripts {
			commands, unreadable := parse(page, script)
			all, err = append(all, commands...), errors.Join(err, unreadable)
		}
	}
	return all, err
}

func submatches(pattern *regexp.Regexp, text string) (found []string) {
	for _, m := range pattern.FindAllStringSubmatch(text, -1) {
		found = append(found, m[1])
	}
	return found
}

func parse(page, script string) (all []Command, err error) {
	file, err := syntax.NewParser().Parse(strings.NewReader(script), page)
	if err != nil {
		return nil, fmt.Errorf("%s: nobody can type this: %w\n%s", page, err, script)
	}
	syntax.Walk(file, func(node syntax.Node) bool {
		call, ok := node.(*syntax.CallExpr)
		if !ok {
			return true
		}
		c := Command{Page: page}
		for _, assign := range call.Assigns {
			c.Environment = append(c.Environment, assign.Name.Value)
		}
		for _, word := range call.Args {
			c.Words = append(c.Words, constant(word.Parts))
		}
		all = append(all, c)
		return true
	})
	return all, nil
}

func constant(parts []syntax.WordPart) (text string) {
	for _, part := range parts {
		switch p := part.(type) {
		case *syntax.Lit:
			text += p.Value
		case *syntax.SglQuoted:
			text += p.Value
		case *syntax.DblQuoted:
			text += constant(p.Parts)
		default:
			text += "$"
		}
	}
	return text
}
