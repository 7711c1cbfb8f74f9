// Openapilint lints an OpenAPI document by the rules of rules.yaml and fails on
// everything they find, hints as well. It needs no network.
//
// The rules are those of github.com/speakeasy-api/openapi, among them the rule sets
// that Spectral (spectral:oas) and Redocly (recommended) recommend. What it has no
// rule for is tested in internal/api.
package main

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"os"
	"slices"

	"github.com/speakeasy-api/openapi/linter"
	"github.com/speakeasy-api/openapi/openapi"
	oaslinter "github.com/speakeasy-api/openapi/openapi/linter"
	"github.com/speakeasy-api/openapi/references"
)

//go:embed rules.yaml
var rules []byte

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: openapilint FILE")
		os.Exit(2)
	}
	text, err := os.ReadFile(os.Args[1])
	if err == nil {
		var findings []error
		if findings, err = lint(context.Background(), text); len(findings) > 0 {
			for _, finding := range findings {
				fmt.Fprintf(os.Stderr, "%s: %v\n", os.Args[1], finding)
			}
			os.Exit(1)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "openapilint:", err)
		os.Exit(1)
	}
}

// lint returns what the rules find in a document.
func lint(ctx context.Context, text []byte) ([]error, error) {
	document, invalid, err := openapi.Unmarshal(ctx, bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("read the document: %w", err)
	}
	config, err := linter.LoadConfig(bytes.NewReader(rules))
	if err != nil {
		return nil, err
	}
	l, err := oaslinter.NewLinter(config)
	if err != nil {
		return nil, err
	}
	for _, rule := range config.Rules {
		if !slices.Contains(l.Registry().AllRuleIDs(), rule.ID) {
			return nil, fmt.Errorf("rules.yaml names %s, which is no rule", rule.ID)
		}
	}
	out, err := l.Lint(ctx, linter.NewDocumentInfo(document, "openapi.yaml"), invalid,
		&linter.LintOptions{ResolveOptions: &references.ResolveOptions{DisableExternalRefs: true}})
	if err != nil {
		return nil, fmt.Errorf("lint the document: %w", err)
	}
	return out.Results, nil
}
