package exhaust

import (
	"fmt"
)

// State is what can be seen in one state of the whole system, and after it.
type State struct {
	Said   []Said // by node
	Future Said   // what any node says in this state or in one that can follow it
	Quiet  bool   // with nothing more said, all messages of correct nodes can be in
}

// Any is what anybody has said.
func (s State) Any() (all Said) {
	for _, said := range s.Said {
		all |= said
	}
	return all
}

// Found is the outcome of a search.
type Found struct {
	States int // of the whole system, between strides
	Quiet  int // of them
	Bad    string
	Trace  []string // what happened before the bad state
}

// Search visits every state that the nodes reach together, stride by stride. An
// event of a correct node can happen once that node has said it, one of the faulty
// node whenever it likes. bad returns what is wrong with a state, or nothing; the
// search ends with the first one. It is asked once per state, after all states that
// can follow.
func Search(nodes []*Quotient, bad func(State) string) Found {
	s := searcher{
		nodes: nodes, bad: bad, at: make([]int32, len(nodes)),
		stands: make([]map[spot]stand, len(nodes)), future: map[uint64]Said{},
	}
	for i, q := range nodes {
		s.at[i], s.stands[i] = q.start, map[spot]stand{}
	}
	s.visit()
	s.found.States = len(s.future)
	return s.found
}

type searcher struct {
	nodes  []*Quotient
	bad    func(State) string
	at     []int32 // the current class of each node
	stands []map[spot]stand
	future map[uint64]Said // by state
	path   []step
	found  Found
}

type step struct {
	node   int
	events []int32
}

// place is the current state as one number.
func (s *searcher) place() (p uint64) {
	for i, q := range s.nodes {
		p = p*uint64(len(q.said)) + uint64(s.at[i])
	}
	return p
}

// visit searches from the current state on and returns what is said from it on.
func (s *searcher) visit() Said {
	place := s.place()
	if future, ok := s.future[place]; ok {
		return future
	}
	state := State{Said: make([]Said, len(s.nodes)), Quiet: true}
	for i, q := range s.nodes {
		state.Said[i] = q.said[s.at[i]]
	}
	state.Future = state.Any()
	for i := range s.nodes {
		here := s.stand(i, state.Said)
		state.Quiet = state.Quiet && here.quiet
		class := s.at[i]
		for _, stride := range here.strides {
			s.at[i] = stride.to
			s.path = append(s.path, step{i, stride.events})
			state.Future |= s.visit()
			if s.found.Bad != "" {
				return 0
			}
			s.path = s.path[:len(s.path)-1]
			s.at[i] = class
		}
	}
	s.future[place] = state.Future
	if state.Quiet {
		s.found.Quiet++
	}
	if s.found.Bad = s.bad(state); s.found.Bad != "" {
		s.trace()
	}
	return state.Future
}

// stand looks up what node i can do.
func (s *searcher) stand(i int, said []Said) stand {
	at := spot{class: s.at[i]}
	for e, event := range s.nodes[i].Events {
		if event.From == Faulty {
			at.enabled |= 1 << e
		} else if said[event.From]>>event.Letter&1 != 0 {
			at.enabled |= 1 << e
			if event.After&^said[i] != 0 {
				panic("exhaust: " + event.Name + " came before what it answers; the model is wrong")
			}
		}
	}
	here, ok := s.stands[i][at]
	if !ok {
		here = s.nodes[i].look(at)
		s.stands[i][at] = here
	}
	return here
}

func (s *searcher) trace() {
	for _, step := range s.path {
		for _, e := range step.events {
			s.found.Trace = append(s.found.Trace, fmt.Sprintf("node %d gets %s", step.node, s.nodes[step.node].Events[e].Name))
		}
	}
}
