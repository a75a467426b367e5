package rbc

import "abad/bft"

// tally counts votes for hashes, one vote per peer. Correct nodes name one hash,
// so the list has one entry; f liars can add f more.
type tally struct {
	voted  bft.IDSet
	counts []count
}

type count struct {
	hash bft.Hash
	from bft.IDSet
}

// add records from's vote. Only its first one counts and is news; another one that
// contradicts it is a conflict.
func (t *tally) add(from bft.ID, h bft.Hash) (news bool, err error) {
	if !t.voted.Add(from) {
		if !t.of(h).Has(from) {
			return false, ErrConflict
		}
		return false, nil
	}
	for i := range t.counts {
		if t.counts[i].hash == h {
			t.counts[i].from.Add(from)
			return true, nil
		}
	}
	c := count{hash: h}
	c.from.Add(from)
	t.counts = append(t.counts, c)
	return true, nil
}

// of is the set of nodes that voted for h.
func (t *tally) of(h bft.Hash) bft.IDSet {
	for i := range t.counts {
		if t.counts[i].hash == h {
			return t.counts[i].from
		}
	}
	return bft.IDSet{}
}

// reached finds a hash with at least threshold votes.
func (t *tally) reached(threshold int) (bft.Hash, bool) {
	for i := range t.counts {
		if t.counts[i].from.Len() >= threshold {
			return t.counts[i].hash, true
		}
	}
	return bft.Hash{}, false
}
