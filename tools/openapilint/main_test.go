package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// sound is a small document that every rule is content with.
const sound = `openapi: 3.1.0
info:
  title: Pots
  version: 1.0.0
  description: Cash in pots.
  contact: {name: The operators}
  license: {name: Apache-2.0, identifier: Apache-2.0}
servers:
  - url: https://pots.test
tags:
  - {name: Pots, description: What people fill.}
paths:
  /pots/{id}:
    get:
      operationId: get-pot
      summary: One pot
      description: What is in it.
      tags: [Pots]
      security: [{bearer: []}]
      parameters:
        - {name: id, in: path, required: true, description: The pot's id., schema: {type: string}}
      responses:
        "200":
          description: OK
          headers: {RateLimit: {$ref: "#/components/headers/RateLimit"}}
          content:
            application/json:
              schema: {$ref: "#/components/schemas/Pot"}
        "400": {$ref: "#/components/responses/Problem"}
        "404": {$ref: "#/components/responses/Problem"}
        "429": {$ref: "#/components/responses/Problem"}
        "500": {$ref: "#/components/responses/Problem"}
components:
  headers:
    RateLimit: {schema: {type: string}}
  responses:
    Problem:
      description: Something is wrong.
      headers:
        RateLimit: {$ref: "#/components/headers/RateLimit"}
        Retry-After: {schema: {type: integer, format: int32}}
      content:
        application/problem+json:
          schema: {type: object}
  securitySchemes:
    bearer: {type: http, scheme: bearer, bearerFormat: JWT, description: RFC8725 is followed.}
  schemas:
    Pot:
      type: object
      properties:
        kind: {type: string, enum: [small, large]}
        names: {type: array, items: {type: string}}
`

func TestASoundDocumentHasNoFindings(t *testing.T) {
	t.Parallel()
	if findings := lintText(t, sound); len(findings) > 0 {
		t.Errorf("findings in a sound document: %v", findings)
	}
}

const (
	pot      = `{$ref: "#/components/schemas/Pot"}`
	refusals = `        "400": {$ref: "#/components/responses/Problem"}
        "404": {$ref: "#/components/responses/Problem"}
        "429": {$ref: "#/components/responses/Problem"}
`
)

// Each edit breaks what a recommended rule of Spectral or Redocly asks for, under the
// name that it has there. What is missing in this list is tested in internal/api.
func TestWhatSpectralAndRedoclyRecommendIsFound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ rule, old, new string }{
		"info-contact":                              {"style-info-contact", "  contact: {name: The operators}\n", ""},
		"info-description":                          {"style-info-description", "  description: Cash in pots.\n", ""},
		"info-license":                              {"style-info-license", "  license: {name: Apache-2.0, identifier: Apache-2.0}\n", ""},
		"no-eval-in-markdown":                       {"semantic-no-eval-in-markdown", "Cash in pots.", "Cash in pots. eval('1')"},
		"no-script-tags-in-markdown":                {"semantic-no-script-tags-in-markdown", "Cash in pots.", "Cash in pots. <script>x</script>"},
		"no-empty-servers":                          {"style-oas3-api-servers", "servers:\n  - url: https://pots.test\n", ""},
		"no-server-example.com":                     {"style-oas3-host-not-example", "pots.test", "pots.example.com"},
		"no-server-trailing-slash":                  {"style-oas3-host-trailing-slash", "pots.test", "pots.test/"},
		"no-undefined-server-variable":              {"validation-invalid-syntax", "pots.test", "{host}.test"},
		"tag-description":                           {"style-tag-description", ", description: What people fill.", ""},
		"operation-operationId":                     {"semantic-operation-operation-id", "      operationId: get-pot\n", ""},
		"operation-operationId-valid-in-url":        {"semantic-operation-id-valid-in-url", "get-pot", "get pot"},
		"operation-tags":                            {"style-operation-tags", "      tags: [Pots]\n", ""},
		"operation-tag-defined":                     {"style-operation-tag-defined", "[Pots]", "[Cups]"},
		"operation-success-response":                {"style-operation-success-response", "\"200\"", "\"418\""},
		"operation-4xx-response":                    {"style-operation-error-response", refusals, ""},
		"operation-parameters":                      {"validation-operation-parameters", "      responses:", "        - {name: id, in: path, required: true, description: Again., schema: {type: string}}\n      responses:"},
		"path-params":                               {"semantic-path-params", "{name: id,", "{name: other,"},
		"path-declarations-must-exist":              {"semantic-path-declarations", "/pots/{id}:", "/pots/{}:"},
		"path-keys-no-trailing-slash":               {"style-path-trailing-slash", "/pots/{id}:", "/pots/{id}/:"},
		"path-not-include-query":                    {"semantic-path-query", "/pots/{id}:", "/pots/{id}?a=b:"},
		"no-ambiguous-paths":                        {"semantic-no-ambiguous-paths", "components:", another("/pots/{name}", "get-named-pot") + "components:"},
		"operation-operationId-unique":              {"validation-operation-id-unique", "components:", another("/cups/{name}", "get-pot") + "components:"},
		"duplicated-entry-in-enum":                  {"semantic-duplicated-enum", "[small, large]", "[small, small]"},
		"typed-enum":                                {"semantic-typed-enum", "[small, large]", "[small, 7]"},
		"no-schema-type-mismatch":                   {"oas-schema-check", "enum: [small, large]", "enum: [small, large], minimum: 7"},
		"array-items":                               {"validation-type-mismatch", "items: {type: string}", "items: 7"},
		"no-unresolved-refs":                        {"resolution-json-schema", "schemas/Pot", "schemas/Cup"},
		"no-unused-components":                      {"semantic-unused-component", "    Pot:\n", "    Cup: {type: string}\n    Pot:\n"},
		"oas3-schema":                               {"validation-unknown-properties", "description: Something is wrong.", "description: Something is wrong.\n      summary: Wrong."},
		"oas3-examples-value-or-externalValue":      {"validation-mutually-exclusive-fields", pot, pot + "\n              examples: {one: {value: {kind: small}, externalValue: \"https://pots.test\"}}"},
		"a security requirement of every operation": {"owasp-protection-global-safe", "      security: [{bearer: []}]\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(sound, c.old) {
				t.Fatalf("the sound document has no %q to edit", c.old)
			}
			findings := lintText(t, strings.Replace(sound, c.old, c.new, 1))
			if !slices.ContainsFunc(findings, func(f error) bool { return strings.Contains(f.Error(), " "+c.rule+" ") }) {
				t.Errorf("findings are %v, want one of %s", findings, c.rule)
			}
		})
	}
}

// another is a second operation, which has one path parameter.
func another(path, id string) string {
	return fmt.Sprintf(`  %s:
    get:
      operationId: %s
      summary: One
      description: What is in it.
      tags: [Pots]
      security: [{bearer: []}]
      parameters:
        - {name: name, in: path, required: true, description: Its name., schema: {type: string}}
      responses:
        "200": {description: OK}
        "404": {description: There is none.}
`, path, id)
}

func lintText(t *testing.T, text string) []error {
	t.Helper()
	findings, err := lint(t.Context(), []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return findings
}
