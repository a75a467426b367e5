package teeth

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"abad/sim/teeth/found"
)

var (
	all   = flag.Bool("teeth.all", false, "hunt every planted bug, not the fast ones alone")
	only  = flag.String("teeth.only", "", "hunt the bugs with these names, separated by commas")
	table = flag.String("teeth.table", "", "write the table of the documentation to this file")
)

// Every planted bug is found within its number of seeds.
func TestTeeth(t *testing.T) {
	root, err := Root(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for _, b := range Bugs() {
		if *only != "" && !strings.Contains(","+*only+",", ","+b.Name+",") || *only == "" && !*all && !b.Fast {
			continue
		}
		t.Run(b.Name, func(t *testing.T) {
			f := hunt(t, root, b)
			if f.Failure == nil {
				t.Fatalf("not found in %d seeds: %s", f.Seeds, b.Says)
			}
			t.Logf("%d seeds: %v\n%s\n%s", f.Seeds, f.Failure, f.Plan, f.Command)
			star := ""
			if b.Fast {
				star = " *"
			}
			rows = append(rows, fmt.Sprintf("| `%s`%s | %s | %d | %s: %s |", b.Name, star, b.Says, f.Seeds, f.Failure.Class, f.Failure.Property))
		})
	}
	if *table != "" {
		head := "| bug | what is wrong | seeds | found as |\n|---|---|---|---|\n"
		if err := os.WriteFile(*table, []byte(head+strings.Join(rows, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func hunt(t *testing.T, root string, b Bug) found.Found {
	t.Helper()
	binary, err := b.Build(t.Context(), root, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	f, err := Hunt(t.Context(), binary, 0, b.Seeds)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// The control: without a bug the hunter finds nothing.
func TestNothingPlanted(t *testing.T) {
	root, err := Root(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if f := hunt(t, root, Bug{Name: "none", Seeds: 150}); f.Failure != nil {
		t.Fatalf("%v\n%s\n%s", f.Failure, f.Plan, f.Command)
	}
}

// Every patch fits its file, also of the bugs that this run does not hunt.
func TestPatchesFit(t *testing.T) {
	root, err := Root(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, b := range Bugs() {
		if _, err := b.apply(root); err != nil {
			t.Error(err)
		}
		if names[b.Name] {
			t.Errorf("two bugs are called %s", b.Name)
		}
		names[b.Name] = true
	}
	if _, err := (Bug{Name: "x", Patches: patch(quorumFile, "no such text", "")}).apply(root); err == nil {
		t.Error("a patch that does not fit is applied")
	}
}
