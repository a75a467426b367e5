package flp

import (
	"slices"

	"abad/aba"
	"abad/bft"
	"abad/coin"
)

// alive is how many correct nodes with an estimate it takes to bring it into
// every bin, with the help of the liars.
func (w *world) alive() int { return w.quorum.Amplify() - len(w.liars) }

// open reports whether all correct nodes are in round r, and both values alive.
func (w *world) open(r uint32) bool {
	var count [2]int
	for i := range w.nodes {
		if w.began[i] != r || w.decided[i] != aba.None {
			return false
		}
		count[bit(w.est[i])]++
	}
	return count[0] >= w.alive() && count[1] >= w.alive()
}

// play keeps both values alive through round r, if that can be done. The numbers
// are those of the package comment.
func (w *world) play(r uint32) {
	v := w.aim(r)
	a, b := w.split(r, v)
	if aba.Random(r) {
		w.auxes(r, v, a, b)
		w.confs(r, v, append(b, a...), len(b))
	} else {
		w.auxes(r, v, a[:w.alive()], append(b, a[w.alive():]...))
	}
	// Nothing is lost: what was held back in this round arrives now.
	w.sweep(w.everybody(), func(m aba.Msg) bool { return m.Round == r && m.Kind != aba.Decide })
}

// aim is v: not the coin, where that can be known, else the value which the fixed
// rounds that follow decide last.
func (w *world) aim(r uint32) bool {
	switch {
	case !aba.Random(r):
		return !fixed(r)
	case w.coin == None:
		return !coin.Bit(publicSignature(w.name(r)))
	}
	return !bias
}

// fixed is the constant coin of a fixed round.
func fixed(r uint32) bool {
	if r%4 == 2 {
		return !bias
	}
	return bias
}

// split is number 1: it makes AUX(v) the vote of a and AUX(c) that of b.
func (w *world) split(r uint32, v bool) (a, b []bft.ID) {
	a = w.everybody()
	slices.SortStableFunc(a, func(x, y bft.ID) int {
		return bit(w.est[x] != v) - bit(w.est[y] != v)
	})
	f := w.quorum.Faulty()
	a, b = a[f:], a[:f:f]
	all := w.everybody()
	for _, to := range all {
		w.lie(to, aba.Msg{Kind: aba.BVal, Round: r, Values: aba.Zero})
		w.lie(to, aba.Msg{Kind: aba.BVal, Round: r, Values: aba.One})
	}
	w.sweep(b, says(aba.BVal, r, aba.Of(!v)))
	w.sweep(append(b, a...), says(aba.BVal, r, aba.Of(v)))
	w.sweep(all, func(m aba.Msg) bool { return m.Kind == aba.BVal && m.Round == r })
	return a, b
}

// auxes is number 2: vals = {v} for some, {0,1} for the others.
func (w *world) auxes(r uint32, v bool, some, others []bft.ID) {
	for _, to := range some {
		w.lie(to, aba.Msg{Kind: aba.Aux, Round: r, Values: aba.Of(v)})
	}
	for _, to := range others {
		w.lie(to, aba.Msg{Kind: aba.Aux, Round: r, Values: aba.Of(!v)})
	}
	w.sweep(some, says(aba.Aux, r, aba.Of(v)))
	w.sweep(others, says(aba.Aux, r, aba.Of(!v)))
	w.sweep(others, says(aba.Aux, r, aba.Of(v)))
}

// confs is number 4. The first so many nodes of order cannot be given V = {v}.
func (w *world) confs(r uint32, v bool, order []bft.ID, mixed int) {
	for i, at := range order {
		left := len(order) - i
		if i >= mixed && w.came(r, v)+left <= w.alive() {
			w.lie(at, aba.Msg{Kind: aba.Conf, Round: r, Values: aba.Of(v)})
			w.deliver(at, says(aba.Conf, r, aba.Of(v)))
			continue
		}
		w.lie(at, aba.Msg{Kind: aba.Conf, Round: r, Values: aba.Both})
		w.lie(at, aba.Msg{Kind: aba.Share, Round: r})
		w.deliver(at, says(aba.Conf, r, aba.Both))
		w.deliver(at, says(aba.Conf, r, aba.Of(v)))
		w.sweep(order[:i+1], says(aba.Share, r, aba.None))
	}
}

// came counts the nodes that have left round r with the estimate v.
func (w *world) came(r uint32, v bool) int {
	count := 0
	for i := range w.nodes {
		count += bit(w.began[i] > r && w.est[i] == v)
	}
	return count
}

func says(kind aba.Kind, r uint32, values aba.Set) func(aba.Msg) bool {
	return func(m aba.Msg) bool { return m.Kind == kind && m.Round == r && m.Values == values }
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
