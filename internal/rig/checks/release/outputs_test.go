package release_test

import (
	"path/filepath"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// The real provider leaves a nested block that nobody wrote null, where a mock
// has an empty list. An output that counts or indexes it fails every plan.
func TestNoOutputLooksIntoABlockThatIsNotWritten(t *testing.T) {
	t.Parallel()
	written, found := writtenIn(t), 0
	for path, text := range terraformSources(t) {
		folder := filepath.Dir(path)
		for _, block := range parseTerraform(t, path, text).Blocks {
			if block.Type != "output" && block.Type != "locals" {
				continue
			}
			for _, use := range collections(block.Body) {
				found++
				if !written[folder][use.name] && !known[use.name] {
					t.Errorf("%s looks into %s, which no resource of %s writes: put it into try()", use.at, use.name, folder)
				}
			}
		}
	}
	if found < 50 {
		t.Errorf("found %d uses, want more", found)
	}
}

// known are lists of our own tables, which are never null.
var known = map[string]bool{"subscriptions": true}

// writtenIn collects the names of nested blocks and attributes that the
// resources of a folder write.
func writtenIn(t *testing.T) map[string]map[string]bool {
	t.Helper()
	written := map[string]map[string]bool{}
	for _, r := range terraformResources(t) {
		if written[r.folder] == nil {
			written[r.folder] = map[string]bool{}
		}
		collectWritten(r.body, written[r.folder])
	}
	return written
}

func collectWritten(body *hclsyntax.Body, into map[string]bool) {
	for name := range body.Attributes {
		into[name] = true
	}
	for _, block := range body.Blocks {
		name := block.Type
		if name == "dynamic" {
			name = block.Labels[0]
		}
		into[name] = true
		collectWritten(block.Body, into)
	}
}

// use is an attribute that is indexed, counted or gone through.
type use struct {
	name string
	at   hcl.Range
}

// collections finds the uses in a body, except for those inside try().
func collections(body *hclsyntax.Body) []use {
	w := &walker{}
	_ = hclsyntax.Walk(body, w)
	return w.uses
}

type walker struct {
	uses []use
	safe int // depth of try() and can()
}

func (w *walker) Enter(node hclsyntax.Node) hcl.Diagnostics {
	switch n := node.(type) {
	case *hclsyntax.FunctionCallExpr:
		if n.Name == "try" || n.Name == "can" {
			w.safe++
		}
		if n.Name == "length" || n.Name == "one" {
			w.last(n.Args[0])
		}
	case *hclsyntax.ScopeTraversalExpr:
		w.indexed(n.Traversal)
	case *hclsyntax.RelativeTraversalExpr:
		w.indexed(n.Traversal)
	case *hclsyntax.IndexExpr:
		w.last(n.Collection)
	case *hclsyntax.SplatExpr:
		w.last(n.Source)
	case *hclsyntax.ForExpr:
		w.last(n.CollExpr)
	}
	return nil
}

func (w *walker) Exit(node hclsyntax.Node) hcl.Diagnostics {
	if n, ok := node.(*hclsyntax.FunctionCallExpr); ok && (n.Name == "try" || n.Name == "can") {
		w.safe--
	}
	return nil
}

// indexed finds every attribute that an index follows: resource.this.ATTRIBUTE[0].
func (w *walker) indexed(traversal hcl.Traversal) {
	for i := 1; i < len(traversal); i++ {
		if _, ok := traversal[i].(hcl.TraverseIndex); ok {
			w.add(traversal[:i])
		}
	}
}

// last is the attribute that an expression ends with.
func (w *walker) last(expression hclsyntax.Expression) {
	switch e := expression.(type) {
	case *hclsyntax.ScopeTraversalExpr:
		w.add(e.Traversal)
	case *hclsyntax.RelativeTraversalExpr:
		w.add(e.Traversal)
	}
}

// add notes the last attribute of a traversal, unless it belongs to a variable
// or a module, or the traversal ends at a resource itself.
func (w *walker) add(traversal hcl.Traversal) {
	attribute, ok := traversal[len(traversal)-1].(hcl.TraverseAttr)
	if !ok || w.safe > 0 {
		return
	}
	if root, ok := traversal[0].(hcl.TraverseRoot); ok {
		switch root.Name {
		case "var", "local", "module", "each":
			return
		}
		if len(traversal) == 2 && len(root.Name) > 7 && root.Name[:7] == "google_" {
			return
		}
	}
	w.uses = append(w.uses, use{attribute.Name, traversal.SourceRange()})
}
