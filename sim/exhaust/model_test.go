package exhaust

import (
	"strings"
	"testing"
	"time"
)

// quotient explores one node and says how large it is.
func quotient[S any](t *testing.T, self int, node Node[S]) *Quotient {
	t.Helper()
	start := time.Now()
	g, err := Explore(node)
	if err != nil {
		t.Fatalf("%s node %d: %v", violation, self, err)
	}
	q := Minimize(g)
	t.Logf("node %d: %d states, %d classes, %v", self, g.States(), q.Classes(), time.Since(start).Round(time.Millisecond))
	return q
}

// violation begins the line that tells of one; the controls look for it.
const violation = "violation:"

// search fails the test if there is a bad state.
func search(t *testing.T, nodes []*Quotient, bad func(State) string) Found {
	t.Helper()
	start := time.Now()
	found := Search(nodes, bad)
	if found.Bad != "" {
		t.Fatalf("%s %s, after\n  %s", violation, found.Bad, strings.Join(found.Trace, "\n  "))
	}
	t.Logf("together: %d states between strides, %d of them quiet, %v", found.States, found.Quiet, time.Since(start).Round(time.Millisecond))
	return found
}

// all reports whether every node has said the letter.
func all(s State, letter int) bool {
	for _, said := range s.Said {
		if said>>letter&1 == 0 {
			return false
		}
	}
	return true
}
