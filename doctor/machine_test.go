package doctor

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"
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

// Only what a date of whole seconds proves is a wrong clock.
func TestSkew(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, c := range []struct {
		asked, date, answered time.Duration // after at
		want                  time.Duration
	}{
		{0, 0, 0, 0},
		{900 * time.Millisecond, 0, time.Second, 0},                               // the second began before
		{0, 7 * time.Second, 10 * time.Second, 0},                                 // a slow peer
		{0, 12 * time.Second, 10 * time.Second, -2 * time.Second},                 // its clock is ahead
		{10 * time.Second, 4 * time.Second, 11 * time.Second, 5 * time.Second},    // or behind
		{10 * time.Second, 9 * time.Second, 11 * time.Second, 0},                  // 9.999 is not
		{10 * time.Second, 8 * time.Second, 11 * time.Second, 1 * time.Second},    // 8.999 is
		{10 * time.Second, -50 * time.Second, 11 * time.Second, 59 * time.Second}, // by far
	} {
		if got := skew(at.Add(c.asked), at.Add(c.date), at.Add(c.answered)); got != c.want {
			t.Errorf("asked at %v, answered at %v that it is %v: %v, want %v", c.asked, c.answered, c.date, got, c.want)
		}
	}
}
