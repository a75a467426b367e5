package exhaust

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// A toy node: what an event does depends on what has arrived before, by a random
// table, in which order matters.
type toy struct {
	got   uint16
	place uint8
}

const (
	toyNodes  = 3
	toyPlaces = 6
)

type toySystem struct {
	events [toyNodes][]Event
	to     [toyNodes][toyPlaces][]uint8
	says   [toyNodes][toyPlaces][]Said
}

func newToySystem(r *rand.Rand) *toySystem {
	s := new(toySystem)
	for i := range toyNodes {
		for j := range toyNodes {
			for letter := range 2 {
				if i != j && (letter == 0 || j == (i+1)%toyNodes) {
					s.events[i] = append(s.events[i], Event{Name: fmt.Sprint(letter, " of ", j), From: j, Letter: letter})
				}
			}
		}
		s.events[i] = append(s.events[i], Event{From: Faulty})
		for p := range toyPlaces {
			for range s.events[i] {
				s.to[i][p] = append(s.to[i][p], uint8(r.IntN(toyPlaces)))
				said := Said(0)
				if r.IntN(3) == 0 {
					said = 1 << r.IntN(4)
				}
				s.says[i][p] = append(s.says[i][p], said)
			}
		}
	}
	return s
}

func (s *toySystem) deliver(i int, x *toy, e int) Said {
	if x.got>>e&1 != 0 {
		return 0
	}
	p := x.place
	x.got |= 1 << e
	x.place = s.to[i][p][e]
	return s.says[i][p][e]
}

// seen is what a search tells of a system: for each combination of what was said,
// whether it can be quiet, and the largest futures.
type seen struct {
	quiet   bool
	futures []Said
}

func (s *seen) add(quiet bool, future Said) {
	s.quiet = s.quiet || quiet
	for _, f := range s.futures {
		if future&^f == 0 {
			return
		}
	}
	s.futures = slices.DeleteFunc(s.futures, func(f Said) bool { return f&^future == 0 })
	s.futures = append(s.futures, future)
	slices.Sort(s.futures)
}

type toyState struct {
	nodes [toyNodes]toy
	said  [toyNodes]Said
}

// dumb visits every state of the nodes themselves.
func (s *toySystem) dumb(x toyState, known map[toyState]Said, all map[[toyNodes]Said]*seen) Said {
	if future, ok := known[x]; ok {
		return future
	}
	future, quiet := x.said[0]|x.said[1]|x.said[2], true
	for i := range toyNodes {
		for e, event := range s.events[i] {
			if x.nodes[i].got>>e&1 != 0 || event.From != Faulty && x.said[event.From]>>event.Letter&1 == 0 {
				continue
			}
			quiet = quiet && event.From == Faulty
			y := x
			y.said[i] |= s.deliver(i, &y.nodes[i], e)
			future |= s.dumb(y, known, all)
		}
	}
	known[x] = future
	if all[x.said] == nil {
		all[x.said] = new(seen)
	}
	all[x.said].add(quiet, future)
	return future
}

// Exploring, merging and striding find exactly what the dumb search finds.
func TestSearchAgainstADumbOne(t *testing.T) {
	talked, quotients := 0, 0
	for seed := range uint64(300) {
		s := newToySystem(rand.New(rand.NewPCG(seed, 1)))
		want := map[[toyNodes]Said]*seen{}
		s.dumb(toyState{said: [toyNodes]Said{1, 0, 2}}, map[toyState]Said{}, want)

		var nodes []*Quotient
		for i := range toyNodes {
			g, err := Explore(Node[toy]{
				Start: &toy{}, Said: [toyNodes]Said{1, 0, 2}[i], Events: s.events[i],
				Deliver: func(x *toy, e int) Said { return s.deliver(i, x, e) },
			})
			if err != nil {
				t.Fatal(err)
			}
			q := Minimize(g)
			quotients += g.States() - q.Classes()
			nodes = append(nodes, q)
		}
		got := map[[toyNodes]Said]*seen{}
		Search(nodes, func(x State) string {
			key := [toyNodes]Said(x.Said)
			if got[key] == nil {
				got[key] = new(seen)
			}
			got[key].add(x.Quiet, x.Future)
			return ""
		})
		if !maps.EqualFunc(want, got, func(a, b *seen) bool { return a.quiet == b.quiet && slices.Equal(a.futures, b.futures) }) {
			t.Fatalf("seed %d: the dumb search sees %d combinations, this one %d, or they differ in what follows", seed, len(want), len(got))
		}
		talked += len(want)
	}
	if talked < 1000 || quotients == 0 {
		t.Errorf("the systems are too dull: %d combinations, %d states merged", talked, quotients)
	}
}

// The trace leads to the bad state.
func TestTrace(t *testing.T) {
	node := Node[toy]{
		Start:  &toy{},
		Events: []Event{{Name: "a", From: Faulty}, {Name: "b", From: Faulty}},
		Deliver: func(x *toy, e int) Said {
			x.place = x.place*3 + uint8(e) + 1
			return Said(bit(x.place == 1*3+2)) // a, then b
		},
	}
	g, err := Explore(node)
	if err != nil {
		t.Fatal(err)
	}
	found := Search([]*Quotient{Minimize(g)}, func(s State) string {
		if s.Any() != 0 {
			return "said"
		}
		return ""
	})
	if found.Bad != "said" || !slices.Equal(found.Trace, []string{"node 0 gets a", "node 0 gets b"}) {
		t.Errorf("%+v", found)
	}
}

// A node that says two letters of which it may say one is refused.
func TestOneOfIsChecked(t *testing.T) {
	_, err := Explore(Node[toy]{
		Start: &toy{}, Said: 1, OneOf: OneOf{3}, Events: []Event{{Name: "a", From: Faulty}},
		Deliver: func(*toy, int) Said { return 2 },
	})
	if err == nil {
		t.Error("no error")
	}
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
