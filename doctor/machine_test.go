package doctor

import (
	"context"
	"os"
	"strings"
	"testing"
)

// The disk is timed where the store is, and nothing stays there.
func TestTimeSyncLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	if took, err := timeSync(dir); err != nil || took <= 0 {
		t.Fatalf("%v, %v", took, err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if _, err := timeSync(dir + "/missing"); err == nil {
		t.Error("a directory that is missing was timed")
	}
}

// The machine is looked at even if the home is none.
func TestExamineWithoutAHome(t *testing.T) {
	r := Examine(context.Background(), Patient{Dir: t.TempDir()})
	var out strings.Builder
	if err := r.Print(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"fail  home ", "  clock ", "  buffers ", "  disk "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	if r.Count(Fail) != 1 {
		t.Errorf("%d failures in\n%s", r.Count(Fail), out.String())
	}
}

func TestPrint(t *testing.T) {
	var r Report
	r.ok("a", "fine")
	r.fail("bcd", "mend it", "broken %d", 7)
	var out strings.Builder
	if err := r.Print(&out); err != nil {
		t.Fatal(err)
	}
	want := "ok    a    fine\nfail  bcd  broken 7\n           > mend it\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}
