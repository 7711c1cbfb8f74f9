package deploy_test

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

// program wants a program of ours, its flags, and that it knows the first word.
func (c *commandCheck) program(name string, args []string) {
	u := c.usageOf(name)
	word := ""
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" { // the rest is another program's
			break
		}
		if !strings.HasPrefix(arg, "-") {
			if word == "" {
				word = arg
			}
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
	if word != "" && !u.words[word] && !placeholder.MatchString(word) {
		c.wrong("%s does not know %q", name, word)
	}
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
