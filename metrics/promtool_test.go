package metrics_test

import (
	"io"
	"os"
	"os/exec"
	"testing"
)

// promtool runs Prometheus's own tool, if this machine has it; it comes in Debian's
// package prometheus. Where ABAD_PROMTOOL_REQUIRED is set, as in CI, its absence is a
// failure.
func promtool(t *testing.T, stdin io.Reader, args ...string) {
	t.Helper()
	path, err := exec.LookPath("promtool")
	if err != nil && os.Getenv("ABAD_PROMTOOL_REQUIRED") == "" {
		t.Logf("no promtool here, so nobody ran it with %q", args)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	tool := exec.CommandContext(t.Context(), path, args...)
	tool.Stdin = stdin
	if out, err := tool.CombinedOutput(); err != nil {
		t.Errorf("promtool %q: %v\n%s", args, err, out)
	}
}
