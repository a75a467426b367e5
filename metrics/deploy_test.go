package metrics_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v2"
)

// What operators get beside the program.
const (
	rulesDir  = "../deploy/prometheus"
	dashboard = "../deploy/grafana/abad.json"
	runbook   = "../docs/operations.md"
)

// rule is an entry of a file of Prometheus's rules.
type rule struct {
	Record, Alert, Expr string
	Labels, Annotations map[string]string
}

func readRules(t *testing.T, name string) (rules []rule) {
	t.Helper()
	var file struct{ Groups []struct{ Rules []rule } }
	readYAML(t, name, &file)
	for _, g := range file.Groups {
		rules = append(rules, g.Rules...)
	}
	if len(rules) == 0 {
		t.Fatalf("%s has no rule", name)
	}
	return rules
}

func readYAML(t *testing.T, name string, into any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(rulesDir, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(data, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// queries are all that the rules and the dashboard ask Prometheus, by where it is asked.
func queries(t *testing.T) map[string]string {
	t.Helper()
	all := make(map[string]string)
	for _, r := range append(readRules(t, "abad.rules.yml"), readRules(t, "abad.alerts.yml")...) {
		all[r.Record+r.Alert] = r.Expr
	}
	for _, p := range readPanels(t) {
		for _, target := range p.Targets {
			all[p.Title+" "+target.RefID] = target.Expr
		}
	}
	return all
}

// panel is a part of a Grafana dashboard.
type panel struct {
	ID          int
	Type, Title string
	GridPos     struct{ X, Y, W, H int }
	Targets     []struct{ Expr, RefID string }
}

func readPanels(t *testing.T) []panel {
	t.Helper()
	data, err := os.ReadFile(dashboard)
	if err != nil {
		t.Fatal(err)
	}
	var d struct{ Panels []panel }
	if err := json.Unmarshal(data, &d); err != nil {
		t.Fatal(err)
	}
	return d.Panels
}

var names = regexp.MustCompile(`\b(?:abad_|go_|process_|job:)[a-zA-Z0-9_:]+`)

// Every metric that a rule or a panel names is one that a real node tells, or one that a
// rule records.
func TestNamesExist(t *testing.T) {
	members := newCluster(t)
	runAll(t, members)
	known := map[string]bool{}
	for name, family := range answered(t, serve(t, members[0])).families {
		known[name] = true
		if family.GetType().String() == "HISTOGRAM" {
			known[name+"_bucket"], known[name+"_sum"], known[name+"_count"] = true, true, true
		}
	}
	for _, r := range readRules(t, "abad.rules.yml") {
		known[r.Record] = true
	}
	count := 0
	for where, query := range queries(t) {
		found := names.FindAllString(query, -1)
		count += len(found)
		for _, name := range found {
			if !known[name] {
				t.Errorf("%s: there is no metric %s", where, name)
			}
		}
	}
	if count < 100 {
		t.Errorf("only %d names were found: the test does not look right", count)
	}
}

// Every alert says how bad it is, what is wrong, and where the runbook tells what to do;
// the runbook has an entry for it, and none for others.
func TestAlertsHaveTheirRunbook(t *testing.T) {
	page, err := os.ReadFile(runbook)
	if err != nil {
		t.Fatal(err)
	}
	var headings []string
	for _, m := range regexp.MustCompile(`(?m)^### (Abad\w+)$`).FindAllSubmatch(page, -1) {
		headings = append(headings, string(m[1]))
	}
	var alerts []string
	for _, r := range readRules(t, "abad.alerts.yml") {
		alerts = append(alerts, r.Alert)
		if !slices.Contains([]string{"critical", "warning", "info"}, r.Labels["severity"]) {
			t.Errorf("%s has severity %q", r.Alert, r.Labels["severity"])
		}
		if r.Annotations["summary"] == "" || r.Annotations["description"] == "" {
			t.Errorf("%s does not say what is wrong", r.Alert)
		}
		if want := "docs/operations.md#" + strings.ToLower(r.Alert); r.Annotations["runbook_url"] != want {
			t.Errorf("%s links to %q, want %q", r.Alert, r.Annotations["runbook_url"], want)
		}
	}
	slices.Sort(headings)
	slices.Sort(alerts)
	if !slices.Equal(headings, alerts) {
		t.Errorf("the runbook has %v\nand the alerts are %v", headings, alerts)
	}
}

// Every alert is seen to fire, and not to fire. That it does as written, promtool checks.
func TestAlertsAreTested(t *testing.T) {
	fires, quiet := map[string]bool{}, map[string]bool{}
	files := []string{"abad.alerts.test.yml", "abad.slow.test.yml"}
	for _, name := range files {
		var file struct {
			Tests []struct {
				Checks []struct {
					Alertname string
					Alerts    []any `yaml:"exp_alerts"`
				} `yaml:"alert_rule_test"`
			}
		}
		readYAML(t, name, &file)
		for _, test := range file.Tests {
			for _, c := range test.Checks {
				if len(c.Alerts) > 0 {
					fires[c.Alertname] = true
				} else {
					quiet[c.Alertname] = true
				}
			}
		}
		promtool(t, nil, "test", "rules", filepath.Join(rulesDir, name))
	}
	for _, r := range readRules(t, "abad.alerts.yml") {
		if !fires[r.Alert] || !quiet[r.Alert] {
			t.Errorf("%s: seen to fire: %v, seen not to: %v", r.Alert, fires[r.Alert], quiet[r.Alert])
		}
	}
	promtool(t, nil, "check", "rules", filepath.Join(rulesDir, "abad.rules.yml"), filepath.Join(rulesDir, "abad.alerts.yml"))
	promtool(t, nil, "check", "config", filepath.Join(rulesDir, "prometheus.yml"))
}

// The dashboard is one that Grafana can lay out, and its queries are ones that Prometheus
// can read.
func TestDashboard(t *testing.T) {
	panels := readPanels(t)
	ids := map[int]bool{}
	var rules strings.Builder
	rules.WriteString("groups:\n  - name: dashboard\n    rules:\n")
	for i, p := range panels {
		if g := p.GridPos; ids[p.ID] || p.Title == "" || g.X < 0 || g.W < 1 || g.H < 1 || g.X+g.W > 24 {
			t.Errorf("panel %d %q: %+v", p.ID, p.Title, g)
		}
		ids[p.ID] = true
		for _, o := range panels[:i] {
			if a, b := p.GridPos, o.GridPos; a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H {
				t.Errorf("%q lies on %q", p.Title, o.Title)
			}
		}
		if p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("%q shows nothing", p.Title)
		}
		for _, target := range p.Targets {
			// Grafana puts in its variables before Prometheus sees a query.
			query := strings.NewReplacer("$__rate_interval", "5m", "$job", "abad", "$instance", ".*").Replace(target.Expr)
			quoted, err := json.Marshal(query) // which is YAML too
			if err != nil {
				t.Fatal(err)
			}
			rules.WriteString("      - record: a:panel:" + strings.ToLower(target.RefID) + "\n        expr: " + string(quoted) + "\n        labels: {panel: \"" + p.Title + "\"}\n")
		}
	}
	if len(panels) < 10 {
		t.Errorf("only %d panels", len(panels))
	}
	file := filepath.Join(t.TempDir(), "panels.yml")
	if err := os.WriteFile(file, []byte(rules.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	promtool(t, nil, "check", "rules", file)
}

// The tests that the page names are there.
func TestNamedTestsExist(t *testing.T) {
	page, err := os.ReadFile(runbook)
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`([a-z/]+)\\.(Test[A-Za-z0-9]+)`").FindAllSubmatch(page, -1)
	if len(named) < 30 {
		t.Errorf("only %d tests are named", len(named))
	}
	for _, m := range named {
		files, err := filepath.Glob(filepath.Join("..", string(m[1]), "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		declared := "\nfunc " + string(m[2]) + "(t *testing.T)"
		if !slices.ContainsFunc(files, func(name string) bool {
			source, err := os.ReadFile(name)
			return err == nil && strings.Contains(string(source), declared)
		}) {
			t.Errorf("there is no test %s.%s", m[1], m[2])
		}
	}
}
