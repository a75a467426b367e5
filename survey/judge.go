package survey

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"abad/api/wire"
	"abad/bft"
)

// MaxUncertified is how many blocks may be without a certificate before that is a
// problem: a node holds on to all votes until then. Certificates come a message
// delay after their blocks, and up to 64 epochs may be open at once.
const MaxUncertified = 64

// Problem is one thing that is wrong, in the words of an operator.
type Problem struct {
	Nodes []int // whom it is about, in order; a link has two
	Text  string
}

// Problems lists what is wrong, the worst first; none if the cluster is as it
// should be.
func (s *Survey) Problems() []Problem {
	var list []Problem
	list = append(list, s.differences()...)
	for _, a := range s.Answers {
		if a.Err != nil {
			list = append(list, Problem{nodes(a.Node), s.unheard(a)})
		}
	}
	list = append(list, s.missing()...)
	list = append(list, s.liars()...)
	for _, a := range s.Answers {
		if a.Err == nil {
			list = append(list, unwell(a.Status)...)
		}
	}
	return append(list, s.links()...)
}

func nodes(list ...int) []int {
	return slices.DeleteFunc(list, func(n int) bool { return n < 0 })
}

// differences are what must never be: two logs, or nodes of two clusters.
func (s *Survey) differences() (list []Problem) {
	first := -1
	for i, a := range s.Answers {
		if a.Err != nil {
			continue
		}
		if first < 0 {
			first = i
			continue
		}
		one := s.Answers[first].Status
		switch {
		case a.Status.Cluster != one.Cluster:
			list = append(list, Problem{nodes(a.Node), fmt.Sprintf("%s is in cluster %s, and %s in %s",
				a.Name, a.Status.Cluster.Short(), s.Answers[first].Name, one.Cluster.Short())})
		case a.Status.Era != one.Era:
			list = append(list, Problem{nodes(a.Node), fmt.Sprintf("node %d is in era %d, and node %d in %d", a.Node, a.Status.Era, one.Node, one.Era)})
		case slices.ContainsFunc(s.Answers[:i], func(b Answer) bool { return b.Err == nil && b.Node == a.Node }):
			list = append(list, Problem{nodes(a.Node), fmt.Sprintf("node %d answers twice, also at %s", a.Node, a.Name)})
		}
	}
	return append(list, s.fork()...)
}

// fork is the one problem that no number of correct nodes allows.
func (s *Survey) fork() []Problem {
	first := -1
	for i, h := range s.Hashes {
		switch {
		case h.IsZero():
		case first < 0:
			first = i
		case h != s.Hashes[first]:
			return []Problem{{nodes(s.Answers[first].Node, s.Answers[i].Node), fmt.Sprintf(
				"two logs: block %d is %s at node %d and %s at node %d; more than f nodes are faulty, or one of these two lies",
				s.Common, s.Hashes[first].Short(), s.Answers[first].Node, h.Short(), s.Answers[i].Node)}}
		}
	}
	return nil
}

// unheard says why a node did not answer, and whether its peers see it.
func (s *Survey) unheard(a Answer) string {
	what := a.Name
	if a.Node >= 0 {
		what = fmt.Sprintf("node %d", a.Node)
	}
	why := a.Err.Error()
	if errors.Is(a.Err, syscall.ECONNREFUSED) {
		why = "nothing listens at " + a.Name
	}
	text := fmt.Sprintf("%s does not answer: %s", what, why)
	if a.Node < 0 {
		return text
	}
	up, of := s.seen(a.Node)
	switch {
	case of == 0:
		return text
	case up > 0:
		return text + fmt.Sprintf(" (%d of %d nodes have a link to it: only its API is out of reach, or it has just gone)", up, of)
	}
	return text + ", and no node has a link to it"
}

// seen is how many of the answering nodes have a link to a node.
func (s *Survey) seen(node int) (up, of int) {
	for _, a := range s.Answers {
		if a.Err != nil || a.Node == node {
			continue
		}
		if p, ok := peer(a.Status, node); ok {
			of++
			if p.Up {
				up++
			}
		}
	}
	return up, of
}

// missing are nodes of the roster that nobody asked and nobody sees.
func (s *Survey) missing() (list []Problem) {
	for n := range s.Nodes() {
		asked := slices.ContainsFunc(s.Answers, func(a Answer) bool { return a.Node == n })
		if up, of := s.seen(n); !asked && of > 0 && up == 0 {
			list = append(list, Problem{nodes(n), fmt.Sprintf("node %d was not asked, and no node has a link to it", n)})
		}
	}
	return list
}

// liars are nodes of which a peer got what no correct node sends. When at most f
// nodes say so they may be the ones that lie, and it counts against nobody alone.
func (s *Survey) liars() (list []Problem) {
	for n := range s.Nodes() {
		var by []int
		var count uint64
		faulty := 0
		for _, a := range s.Answers {
			if p, ok := peer(a.Status, n); a.Err == nil && ok && p.Faults > 0 {
				by, count, faulty = append(by, a.Node), count+p.Faults, a.Status.Faulty
			}
		}
		switch {
		case len(by) == 0:
		case len(by) > faulty:
			list = append(list, Problem{nodes(n), fmt.Sprintf("node %d sent what no correct node sends: %s counted %d such messages", n, named(by), count)})
		default:
			list = append(list, Problem{append(nodes(n), by...), fmt.Sprintf("node %d sent what no correct node sends, or who says so lies: %s counted %d such messages", n, named(by), count)})
		}
	}
	return list
}

// unwell is what a node says of itself.
func unwell(st wire.Status) (list []Problem) {
	say := func(format string, args ...any) {
		list = append(list, Problem{nodes(int(st.Node)), fmt.Sprintf("node %d ", st.Node) + fmt.Sprintf(format, args...)})
	}
	up := 1 + upCount(st)
	switch {
	case st.Silent > 0:
		say("lost its store and keeps silent up to epoch %d", st.Silent)
	case st.Ready:
	case up < st.Nodes-st.Faulty:
		say("is not ready: it sees %d of %d nodes and needs %d", up, st.Nodes, st.Nodes-st.Faulty)
	default:
		say("is not ready: it is %d blocks behind", st.Behind)
	}
	if st.Height > st.Certified+MaxUncertified {
		say("has %d blocks without a certificate", st.Height-st.Certified)
	}
	return list
}

// links are connections between two answering nodes that one of them misses. A
// node that does not answer is told already.
func (s *Survey) links() (list []Problem) {
	for i, a := range s.Answers {
		for _, b := range s.Answers[i+1:] {
			if a.Err != nil || b.Err != nil || a.Node == b.Node {
				continue
			}
			there, ok1 := peer(a.Status, b.Node)
			back, ok2 := peer(b.Status, a.Node)
			if !ok1 || !ok2 || there.Up && back.Up {
				continue
			}
			text := fmt.Sprintf("no link between nodes %d and %d", a.Node, b.Node)
			if why := cmp.Or(there.Error, back.Error); why != "" {
				text += fmt.Sprintf(": %q", why)
			}
			list = append(list, Problem{nodes(a.Node, b.Node), text})
		}
	}
	return list
}

// Nodes is how many nodes the cluster has, 0 if nobody said.
func (s *Survey) Nodes() int {
	for _, a := range s.Answers {
		if a.Err == nil {
			return a.Status.Nodes
		}
	}
	return 0
}

// Bad is how many nodes have a problem of their own: each of them counts as one of
// the f that may be faulty. A link that is down is nobody's alone.
func (s *Survey) Bad() int {
	bad := map[int]bool{}
	for _, p := range s.Problems() {
		if len(p.Nodes) == 1 {
			bad[p.Nodes[0]] = true
		}
	}
	return len(bad)
}

// Spare is how many more nodes may fail before the cluster stops; negative if too
// many have failed already.
func (s *Survey) Spare() int {
	q, err := bft.NewQuorum(s.Nodes())
	if err != nil {
		return 0
	}
	return q.Faulty() - s.Bad()
}

func peer(s wire.Status, node int) (wire.Peer, bool) {
	for _, p := range s.Peers {
		if int(p.Node) == node {
			return p, true
		}
	}
	return wire.Peer{}, false
}

func upCount(s wire.Status) (up int) {
	for _, p := range s.Peers {
		if p.Up {
			up++
		}
	}
	return up
}

// named is "node 0" or "nodes 0, 2".
func named(list []int) string {
	var words []string
	for _, n := range list {
		words = append(words, strconv.Itoa(n))
	}
	if len(list) == 1 {
		return "node " + words[0]
	}
	return "nodes " + strings.Join(words, ", ")
}
