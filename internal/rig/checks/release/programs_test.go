package release_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
)

// usage is what a program of ours takes: its flags, and whether each takes a value; the words that
// it compares its arguments with.
type usage struct {
	flags map[string]bool
	words map[string]bool
}

// program wants a program of ours, its flags, and that it knows the first word, or the first two
// together.
func (c *commandCheck) program(name string, args []string) {
	u := c.usageOf(name)
	var words []string
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" { // the rest is another program's
			break
		}
		if !strings.HasPrefix(arg, "-") {
			words = append(words, arg)
			continue
		}
		flag, _, hasValue := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		takesValue, known := u.flags[flag]
		if !known && flag != "h" {
			c.wrong("%s has no flag -%s", name, flag)
		}
		if takesValue && !hasValue {
			i++
		}
	}
	if len(words) > 0 && !u.knows(words) {
		c.wrong("%s does not know %q", name, words[0])
	}
}

// knows reports whether a program compares its arguments with these words: with the first, or with
// the first two as one command. The reader's own words may be anything.
func (u usage) knows(words []string) bool {
	if u.words[words[0]] || placeholder.MatchString(words[0]) {
		return true
	}
	for known := range u.words {
		first, second, two := strings.Cut(known, " ")
		if two && first == words[0] && len(words) > 1 && (second == words[1] || placeholder.MatchString(words[1])) {
			return true
		}
	}
	return false
}

// usageOf reads a program's source. Running each would take a build.
func (c *commandCheck) usageOf(name string) usage {
	u := usage{flags: map[string]bool{}, words: map[string]bool{}}
	files, err := filepath.Glob(root + "run/" + name + "/*.go")
	if err != nil || len(files) == 0 {
		c.wrong("there is no program run/%s", name)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			c.t.Fatal(err)
		}
		ast.Inspect(parsed, func(node ast.Node) bool {
			u.note(node)
			return true
		})
	}
	return u
}

func (u usage) note(node ast.Node) {
	switch n := node.(type) {
	case *ast.CallExpr:
		u.noteFlag(n)
	case *ast.CaseClause:
		u.noteWords(n.List...)
	case *ast.KeyValueExpr:
		u.noteWords(n.Key)
	case *ast.BinaryExpr:
		u.noteWords(n.X, n.Y)
	case *ast.ValueSpec:
		u.noteWords(n.Values...)
	}
}

// noteFlag notes flags.String("name", …) and flags.StringVar(&v, "name", …).
func (u usage) noteFlag(call *ast.CallExpr) {
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || len(call.Args) < 3 {
		return
	}
	if receiver, ok := method.X.(*ast.Ident); !ok || receiver.Name != "flags" {
		return
	}
	argument := call.Args[0]
	if strings.HasSuffix(method.Sel.Name, "Var") {
		argument = call.Args[1]
	}
	if name, ok := literalText(argument); ok {
		u.flags[name] = !strings.HasPrefix(method.Sel.Name, "Bool")
	}
}

func (u usage) noteWords(expressions ...ast.Expr) {
	for _, expression := range expressions {
		if word, ok := literalText(expression); ok {
			u.words[word] = true
		}
	}
}

func literalText(expression ast.Expr) (string, bool) {
	l, ok := expression.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(l.Value)
	return text, err == nil
}
