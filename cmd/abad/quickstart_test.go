package main

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"abad/net/freeport"
)

// blocks are the commands of a page of docs, between ```sh and ```.
func blocks(t *testing.T, file string) (list []string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("(?ms)^```sh\n(.*?)^```$").FindAllStringSubmatch(string(data), -1) {
		list = append(list, m[1])
	}
	return list
}

// TestQuickstart runs docs/quickstart.md in one shell, on ports that are free. It
// runs what the page says but for them, and for how a process is found: pgrep would
// find those of other runs.
func TestQuickstart(t *testing.T) {
	shell, err := exec.LookPath("bash")
	if err != nil {
		t.Log("there is no bash here to run it with")
		return
	}
	p := reserve(t, 4)
	// A shell that fails must take its jobs along: they hold its output open.
	script := "set -e -m -o pipefail\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n" + strings.Join(blocks(t, "../../docs/quickstart.md"), "\n")
	for old, new := range map[string]string{
		"abad init --dir cluster":                    fmt.Sprintf("abad init --dir cluster --port %d --api-port %d", p.peer, p.api),
		`"$(pgrep -f 'start --home cluster/node2')"`: `"$(ps -o pid=,args= --ppid $(jobs -p %1) | grep 'start --home cluster/node2' | awk '{print $1}')"`,
	} {
		if !strings.Contains(script, old) {
			t.Fatalf("the page does not say %q any more", old)
		}
		script = strings.ReplaceAll(script, old, new)
	}
	for i := range 4 {
		script = strings.ReplaceAll(script, fmt.Sprintf("127.0.0.1:%d", defaultAPIPort+i), freeport.Addr(p.api+i))
	}
	cmd := exec.Command(shell, "-c", script)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "ABAD_API=http://"+freeport.Addr(p.api))
	out, err := cmd.CombinedOutput()
	for _, want := range []string{
		"healthy: 1 more node may fail", "attack at dawn", "\n100\n", "one is missing: no further node may fail", " attack at noon\n", "of the cluster with this key",
	} {
		if err == nil && !strings.Contains(string(out), want) {
			err = fmt.Errorf("it did not print %q", want)
		}
	}
	if err != nil {
		log, _ := os.ReadFile(cmd.Dir + "/nodes.log")
		t.Fatalf("%v\n%s\n%s", err, out, log)
	}
}
