package bft

import (
	"fmt"
	"iter"
	"math/bits"
)

// MaxNodes bounds a roster. Four machine words hold any set of nodes, so an
// [IDSet] is a value without an allocation; the protocol's n^3 votes per epoch
// end its usefulness long before that number does.
const MaxNodes = 256

// ID names a node: its index in the roster, from 0 to n-1.
type ID int

// Everyone addresses an [Envelope] to all n nodes, the sender included.
const Everyone ID = -1

// Quorum holds the thresholds of a roster of n nodes of which at most
// f = floor((n-1)/3) are faulty. Every count that a protocol compares with is a
// method here, named after what it proves; 2f+1 is not n-f when n > 3f+1.
type Quorum struct{ n, f int }

// NewQuorum returns the thresholds for n nodes, 1 <= n <= [MaxNodes].
func NewQuorum(n int) (Quorum, error) {
	if n < 1 || n > MaxNodes {
		return Quorum{}, fmt.Errorf("a roster has 1 to %d nodes, not %d", MaxNodes, n)
	}
	return Quorum{n: n, f: (n - 1) / 3}, nil
}

// All is n.
func (q Quorum) All() int { return q.n }

// Faulty is f, the most faulty nodes that everything here survives.
func (q Quorum) Faulty() int { return q.f }

// Amplify is f+1: at least one of so many senders is correct.
func (q Quorum) Amplify() int { return q.f + 1 }

// Echo is floor((n+f)/2)+1: two sets of so many nodes share a correct one.
func (q Quorum) Echo() int { return (q.n+q.f)/2 + 1 }

// Deliver is 2f+1: f+1 of so many senders are correct, so every correct node
// will hear of it from Amplify nodes.
func (q Quorum) Deliver() int { return 2*q.f + 1 }

// Wait is n-f: the most nodes that a node may wait for.
func (q Quorum) Wait() int { return q.n - q.f }

// Valid reports whether id is a node of the roster.
func (q Quorum) Valid(id ID) bool { return id >= 0 && int(id) < q.n }

// IDs yields every node in roster order.
func (q Quorum) IDs() iter.Seq[ID] {
	return func(yield func(ID) bool) {
		for id := ID(0); int(id) < q.n; id++ {
			if !yield(id) {
				return
			}
		}
	}
}

// IDSet is a set of nodes. The zero value is empty; sets compare with ==.
type IDSet [MaxNodes / 64]uint64

// Add puts id in and reports whether it was absent.
func (s *IDSet) Add(id ID) bool {
	word, bit := id/64, uint64(1)<<(id%64)
	if s[word]&bit != 0 {
		return false
	}
	s[word] |= bit
	return true
}

// Remove takes id out.
func (s *IDSet) Remove(id ID) { s[id/64] &^= 1 << (id % 64) }

// Has reports whether id is in the set.
func (s IDSet) Has(id ID) bool { return s[id/64]&(1<<(id%64)) != 0 }

// Len is the number of nodes in the set.
func (s IDSet) Len() int {
	n := 0
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

// Union returns the nodes that are in s or in t.
func (s IDSet) Union(t IDSet) IDSet {
	for i := range s {
		s[i] |= t[i]
	}
	return s
}

// All yields the set's nodes in roster order.
func (s IDSet) All() iter.Seq[ID] {
	return func(yield func(ID) bool) {
		for i, w := range s {
			for ; w != 0; w &= w - 1 {
				if !yield(ID(i*64 + bits.TrailingZeros64(w))) {
					return
				}
			}
		}
	}
}
