package release_test

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"sigs.k8s.io/yaml"
)

// edgeRule is a rate limit of Cloud Armor. The part of its language that the
// configuration uses is a method and a pattern in Go's own syntax (RE2).
type edgeRule struct {
	priority, count int
	expression      string
}

var (
	methodIs    = regexp.MustCompile(`request\.method (==|!=) '([A-Z]+)'`)
	pathMatches = regexp.MustCompile(`request\.path\.matches\('([^']+)'\)`)
)

func (r edgeRule) matches(method, path string) bool {
	if m := methodIs.FindStringSubmatch(r.expression); m != nil && (m[1] == "==") != (m[2] == method) {
		return false
	}
	m := pathMatches.FindStringSubmatch(r.expression)
	return m == nil || regexp.MustCompile(m[1]).MatchString(path)
}

// edgeRules reads the limits of terraform/modules/api/armor.tf in their order.
func edgeRules(t *testing.T) (rules []edgeRule) {
	t.Helper()
	const file = "modules/api/armor.tf"
	for _, block := range parseTerraform(t, file, terraformSources(t)[file]).Blocks {
		limits, ok := block.Body.Attributes["limits"]
		if block.Type != "locals" || !ok {
			continue
		}
		value, diagnostics := limits.Expr.Value(nil)
		if diagnostics.HasErrors() {
			t.Fatal(diagnostics)
		}
		for priority, limit := range value.AsValueMap() {
			fields := limit.AsValueMap()
			number, err := strconv.Atoi(priority)
			if err != nil {
				t.Fatal(err)
			}
			count, _ := fields["count"].AsBigFloat().Int64()
			rules = append(rules, edgeRule{number, int(count), fields["expression"].AsString()})
		}
	}
	slices.SortFunc(rules, func(a, b edgeRule) int { return a.priority - b.priority })
	if len(rules) < 2 {
		t.Fatalf("found %d limits, want more", len(rules))
	}
	return rules
}

// whatFor returns the rule that counts a call.
func whatFor(t *testing.T, method, path string) edgeRule {
	t.Helper()
	for _, rule := range edgeRules(t) {
		if rule.matches(method, path) {
			return rule
		}
	}
	t.Fatalf("no limit counts %s %s", method, path)
	return edgeRule{}
}

// calls lists the API's operations: method, path, and the fields of the body.
func calls(t *testing.T) map[[2]string][]string {
	t.Helper()
	text, err := os.ReadFile(root + "docs/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	type schema struct {
		Ref        string         `json:"$ref"`
		Properties map[string]any `json:"properties"`
	}
	var api struct {
		Paths map[string]map[string]struct {
			RequestBody struct {
				Content map[string]struct {
					Schema schema `json:"schema"`
				} `json:"content"`
			} `json:"requestBody"`
		} `json:"paths"`
		Components struct {
			Schemas map[string]schema `json:"schemas"`
		} `json:"components"`
	}
	if err := yaml.Unmarshal(text, &api); err != nil {
		t.Fatal(err)
	}
	all := map[[2]string][]string{}
	for path, operations := range api.Paths {
		for method, operation := range operations {
			call := [2]string{strings.ToUpper(method), regexp.MustCompile(`\{\w+\}`).ReplaceAllString(path, "0198c0de")}
			all[call] = nil
			for _, content := range operation.RequestBody.Content {
				body := content.Schema
				if name, ok := strings.CutPrefix(body.Ref, "#/components/schemas/"); ok {
					body = api.Components.Schemas[name]
				}
				for field := range body.Properties {
					all[call] = append(all[call], field)
				}
			}
		}
	}
	return all
}

// Each costs a hash or a mail, or is a guess.
var secretFields = []string{"password", "current_password", "new_password", "code", "second_factor", "email"}

func TestTheEdgeCountsEveryCallThatTakesAPasswordOrACode(t *testing.T) {
	t.Parallel()
	found := 0
	for call, fields := range calls(t) {
		if !slices.ContainsFunc(fields, func(f string) bool { return slices.Contains(secretFields, f) }) {
			continue
		}
		found++
		if rule := whatFor(t, call[0], call[1]); rule.priority != 100 {
			t.Errorf("%s %s takes %v and is counted by rule %d, want 100", call[0], call[1], fields, rule.priority)
		}
	}
	if found < 8 {
		t.Errorf("found %d calls that take a password or a code, want more", found)
	}
}

func TestTheEdgeCountsRefreshesAndStreamsApart(t *testing.T) {
	t.Parallel()
	for _, want := range []struct {
		method, path string
		rule         int
	}{
		{"POST", "/v1/token", 110}, {"GET", "/v1/missions/0198c0de/events", 120}, {"GET", "/v1/streamers/0198c0de/events", 120},
		{"POST", "/v1/missions/0198c0de/bets", 200}, {"GET", "/v1/users/me", 200}, {"GET", "/v1/missions", 200},
	} {
		if rule := whatFor(t, want.method, want.path); rule.priority != want.rule {
			t.Errorf("%s %s is counted by rule %d, want %d", want.method, want.path, rule.priority, want.rule)
		}
	}
}

// Whether Cloud Armor decodes a path before it compares is not documented.
// Refused or decoded, no spelling of a path gets around its limit.
func TestTheEdgeRefusesPathsWithAPercentSign(t *testing.T) {
	t.Parallel()
	refused := false
	for _, r := range terraformResources(t) {
		if r.kind != "google_compute_security_policy" {
			continue
		}
		for _, block := range r.body.Blocks {
			refused = refused || block.Type == "rule" && literal(block.Body, "priority") == "50" && literal(block.Body, "action") == "deny(404)" &&
				strings.Contains(r.text, `"request.path.contains('%')"`)
		}
	}
	if !refused {
		t.Error("no rule before the limits refuses encoded paths")
	}
	for call := range calls(t) {
		if strings.Contains(call[1], "%") {
			t.Errorf("%s has a percent sign, which the edge refuses", call[1])
		}
	}
}

// literal returns an attribute that is a constant, as text.
func literal(body *hclsyntax.Body, name string) string {
	attribute, ok := body.Attributes[name]
	if !ok {
		return ""
	}
	value, diagnostics := attribute.Expr.Value(nil)
	if diagnostics.HasErrors() {
		return ""
	}
	if value.Type() == cty.Number {
		return value.AsBigFloat().Text('f', -1)
	}
	if value.Type() != cty.String || value.IsNull() {
		return ""
	}
	return value.AsString()
}

// An address may be a whole carrier's. The API knows accounts; the edge must not
// refuse before it.
func TestTheEdgeLetsAnAddressDoWhatTheAPILetsItDo(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(root + "internal/cloud/config/groups.go")
	if err != nil {
		t.Fatal(err)
	}
	for setting, priorities := range map[string][]int{"LIMIT_SIGN_UPS": {100}, "LIMIT_PER_ADDRESS": {110, 200}} {
		m := regexp.MustCompile(setting + `, default=(\d+)`).FindSubmatch(text)
		if m == nil {
			t.Fatalf("internal/cloud/config has no default of %s", setting)
		}
		limit, _ := strconv.Atoi(string(m[1]))
		for _, rule := range edgeRules(t) {
			if slices.Contains(priorities, rule.priority) && rule.count < limit {
				t.Errorf("rule %d lets an address make %d calls a minute, %s of one instance is %d", rule.priority, rule.count, setting, limit)
			}
		}
	}
}
