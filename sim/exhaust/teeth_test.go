package exhaust

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Each defence is taken out of the code, by the go command's overlay and so without
// touching a file of the module, and the search must find what then goes wrong.
func TestSearchFindsWhatADefenceKeepsOut(t *testing.T) {
	for _, c := range []struct {
		name, file, old, new string
		test                 string
		found                string
	}{
		{
			"n-2f ECHO suffice for READY", "rbc/rbc.go",
			"m.echoes.reached(m.quorum.Echo())", "m.echoes.reached(m.quorum.All() - 2*m.quorum.Faulty())",
			"TestAcceptance", "one node has the payload and another has not",
		}, {
			"f+1 READY suffice to accept", "rbc/rbc.go",
			"m.readies.reached(m.quorum.Deliver())", "m.readies.reached(m.quorum.Amplify())",
			"TestAcceptance", "one node has the payload and another has not",
		}, {
			"f READY are relayed", "rbc/rbc.go",
			"m.readies.reached(m.quorum.Amplify())", "m.readies.reached(m.quorum.Faulty())",
			"TestAcceptance", "one node has the payload and another has not",
		}, {
			"f READY suffice to accept", "rbc/rbc.go",
			"m.readies.reached(m.quorum.Deliver())", "m.readies.reached(m.quorum.Faulty())",
			"TestAcceptance", "two payloads are delivered",
		}, {
			"a payload that is missing is not fetched", "rbc/rbc.go",
			"if id != m.self && m.asked.Add(id) {", "if id != m.self && m.asked.Add(id) && false {",
			"TestBroadcast", "one node has the payload and another has not",
		}, {
			"the share leaves with CONF", "aba/settle.go",
			"r.confSent = true\n", "r.confSent = true\n\t\tm.toss(s, r, coin.Release)\n",
			"TestRandomRound", "both V = {0} and V = {1} can still come",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := runWith(t, c.file, c.old, c.new, c.test)
			if !strings.Contains(out, violation) || !strings.Contains(out, c.found) {
				t.Fatalf("found something else, or nothing:\n%s", out)
			}
		})
	}
}

// runWith runs one test of this package in a module with one place changed, and
// returns what it says. A test that passes fails here.
func runWith(t *testing.T, file, old, changed, test string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("../..", file))
	if err != nil {
		t.Fatal(err)
	}
	code, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(code), old); n != 1 {
		t.Fatalf("%s has %d places %q, want 1", file, n, old)
	}
	mutant := filepath.Join(t.TempDir(), "mutant.go")
	if err := os.WriteFile(mutant, []byte(strings.Replace(string(code), old, changed, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{path: mutant}})
	if err != nil {
		t.Fatal(err)
	}
	overlayFile := filepath.Join(t.TempDir(), "overlay.json")
	if err := os.WriteFile(overlayFile, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	// The child ends by itself or with this test, and never later than its own limit.
	cmd := exec.CommandContext(t.Context(), "go", "test", "-overlay", overlayFile, "-count=1", "-timeout=5m",
		"-run=^"+test+"$", ".", "-args", "-shares=0")
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Fatalf("the test passes without the defence:\n%s", out)
	}
	return string(out)
}
