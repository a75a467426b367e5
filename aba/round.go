package aba

import (
	"abad/bft"
	"abad/coin"
)

// round is what is known of one round. Votes of rounds ahead are kept until the
// node gets there; rounds left behind go on relaying.
type round struct {
	bval [2]bft.IDSet
	sent Set // values of the BVAL that this node sent
	bin  Set
	aux  votes
	conf votes

	auxSent, confSent bool

	vals Set           // rule C, fixed once not empty
	v    Set           // rule F, fixed once not empty
	toss *coin.Machine // made with the first share, in or out
}

// votes holds one vote for a set of bits per node.
type votes [Both + 1]bft.IDSet

// record stores from's vote; a second, different one is a fault.
func record(v *votes, from bft.ID, set Set) (news bool, err error) {
	for other := Zero; other <= Both; other++ {
		if other != set && v[other].Has(from) {
			return false, ErrConflict
		}
	}
	return v[set].Add(from), nil
}

// within is who voted for a non-empty subset of bin, and the union of what they
// voted for.
func (v *votes) within(bin Set) (count int, union Set) {
	for set := Zero; set <= Both; set++ {
		if n := v[set].Len(); n > 0 && set.Within(bin) {
			count += n
			union |= set
		}
	}
	return count, union
}

// quorum finds what Wait nodes agree on within bin: {x} if that many voted for
// exactly that, else the union of the votes within bin if those are enough.
func (v *votes) quorum(q bft.Quorum, bin Set) Set {
	for _, set := range [...]Set{Zero, One} {
		if set.Within(bin) && v[set].Len() >= q.Wait() {
			return set
		}
	}
	if count, union := v.within(bin); count >= q.Wait() {
		return union
	}
	return None
}

// voters is who has sent any vote of the round.
func (r *round) voters() bft.IDSet {
	from := r.bval[0].Union(r.bval[1])
	for set := Zero; set <= Both; set++ {
		from = from.Union(r.aux[set]).Union(r.conf[set])
	}
	return from
}

// flip is the round's coin.
func (r *round) flip(m *Machine, n uint32) *coin.Machine {
	if r.toss == nil {
		r.toss = coin.New(m.cfg.Quorum, m.cfg.Signer, m.cfg.CoinName(n))
	}
	return r.toss
}
