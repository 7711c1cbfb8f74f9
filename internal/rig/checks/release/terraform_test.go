package release_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// resource is one resource block of the configuration, in a folder below
// terraform/.
type resource struct {
	folder, kind, name, text string
	body                     *hclsyntax.Body
}

// call is one module block in a folder below terraform/, and the folder of the
// module that it calls.
type call struct {
	folder, name, module string
	body                 *hclsyntax.Body
}

// terraformSources reads the configuration by path below terraform/. Tests are
// left out.
func terraformSources(t *testing.T) map[string]string {
	t.Helper()
	sources := map[string]string{}
	err := fs.WalkDir(os.DirFS(root+"terraform"), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".tf" || strings.HasPrefix(path, "tests/") {
			return err
		}
		text, err := os.ReadFile(filepath.Join(root, "terraform", path))
		sources[path] = string(text)
		return err
	})
	if err != nil || len(sources) < 20 {
		t.Fatalf("read %d files of terraform: %v", len(sources), err)
	}
	return sources
}

// parseTerraform parses a file of the configuration.
func parseTerraform(t *testing.T, path, text string) *hclsyntax.Body {
	t.Helper()
	file, diagnostics := hclsyntax.ParseConfig([]byte(text), path, hcl.InitialPos)
	if diagnostics.HasErrors() {
		t.Fatal(diagnostics)
	}
	return file.Body.(*hclsyntax.Body)
}

func terraformResources(t *testing.T) (all []resource) {
	t.Helper()
	for path, text := range terraformSources(t) {
		for _, block := range parseTerraform(t, path, text).Blocks {
			if block.Type == "resource" {
				all = append(all, resource{
					folder: filepath.Dir(path), kind: block.Labels[0], name: block.Labels[1],
					text: string(block.Body.SrcRange.SliceBytes([]byte(text))), body: block.Body,
				})
			}
		}
	}
	if len(all) < 40 {
		t.Fatalf("found %d resources, want more", len(all))
	}
	return all
}

func terraformCalls(t *testing.T) (all []call) {
	t.Helper()
	for path, text := range terraformSources(t) {
		for _, block := range parseTerraform(t, path, text).Blocks {
			if block.Type == "module" {
				folder := filepath.Dir(path)
				all = append(all, call{folder: folder, name: "module." + block.Labels[0], module: filepath.Join(folder, literal(block.Body, "source")), body: block.Body})
			}
		}
	}
	if len(all) < 10 {
		t.Fatalf("found %d calls of modules, want more", len(all))
	}
	return all
}
