package sim

import (
	"fmt"
	"slices"
	"strings"

	"abad/bft"
	"abad/ledger"
)

// plan is what the seed has drawn before anything happens.
type plan struct {
	quorum    bft.Quorum
	window    int // K
	epochs    int
	steps     int
	adversary string
	coin      string
	liars     [][]string // behaviours per node, nil for a correct one
	liarCount int

	faces    []bool // the value that the adversary would have each node see
	turning  bool   // and it depends on the slot
	leak     int    // one in so many choices disregards the scheduler
	sync     int    // one in so many events of a node waits for its sync, 0: none
	twice    int    // one in so many messages comes again
	lost     int    // one in so many pushes is lost
	forget   bool   // a sender that has the certificate hands nothing over any more
	follow   int    // one in so many positions heard makes catch-up impatient
	retry    int    // one in so many values is submitted at another node too
	burst    int    // batches per new block, at most
	disturb  []disturbance
	distrust bool // journal entries go through their encoding at a restart
}

// disturbance is a crash or the reset of a link at a step.
type disturbance struct {
	step  int
	node  int
	peer  int  // of a reset; the node itself in a crash
	after int  // steps until it is over
	torn  bool // a crash that waits for a block which is not synced
}

func (p *plan) faulty(id bft.ID) bool { return p.liars[id] != nil }

// draw makes the plan of a checked configuration.
func draw(o Options, d *dice) *plan {
	n, f := drawSize(o, d)
	quorum, err := bft.NewQuorum(n)
	if err != nil {
		panic("sim: internal error: " + err.Error())
	}
	p := &plan{
		quorum: quorum, liarCount: f, liars: make([][]string, n),
		window: pick(d, 1, 2, 3, ledger.DefaultEpochs, ledger.DefaultEpochs, ledger.DefaultEpochs),
		epochs: o.Epochs, steps: o.Steps, adversary: o.Adversary, coin: o.Coin,
		turning: d.flip(), leak: pick(d, 0, 8, 64, 512),
		sync: pick(d, 0, 0, 2, 8), twice: pick(d, 0, 0, 4, 32), lost: pick(d, 0, 0, 2, 5),
		forget: d.flip(), follow: pick(d, 0, 0, 3), retry: pick(d, 0, 3), burst: 1 + d.below(3), distrust: d.oneIn(4),
	}
	if p.epochs == Drawn {
		p.epochs = defaultEpochs(n)
	}
	if p.steps == 0 {
		p.steps = p.epochs * epochEvents(n) * 8
	}
	if p.adversary == Mixed {
		p.adversary = pick(d, Adversaries()...)
	}
	for range n {
		p.faces = append(p.faces, d.flip())
	}
	p.drawLiars(o, d)
	p.drawDisturbances(d)
	return p
}

func drawSize(o Options, d *dice) (n, f int) {
	n, f = o.Nodes, o.Faulty
	if n == Drawn {
		n = pick(d, 4, 4, 4, 4, 4, 4, 4, 4, 4, 5, 6, 7, 7, 7, 10, 13, 16)
		if d.oneIn(3) {
			n = 4
		}
		n = max(n, 3*f+1)
	}
	most := (n - 1) / 3
	if f == Drawn {
		f = most
		if d.oneIn(4) {
			f = d.below(most + 1)
		}
	}
	return n, f
}

// defaultEpochs keeps a seed of more nodes about as long as one of few.
func defaultEpochs(n int) int { return max(2, 10*4/n) }

// epochEvents is about how many events an epoch of n nodes takes.
func epochEvents(n int) int { return 6*n*n*n + 50*n }

func (p *plan) drawLiars(o Options, d *dice) {
	ids := make([]int, p.quorum.All())
	for i := range ids {
		ids[i] = i
	}
	shuffle(d, ids)
	for _, id := range ids[:p.liarCount] {
		names := o.Byzantine
		if len(names) == 0 {
			names = Behaviours()
			shuffle(d, names)
			names = names[:1+d.below(3)]
			splits := p.adversary == split || p.adversary == coinAware
			if (splits && !d.oneIn(4) || d.oneIn(3)) && !slices.Contains(names, twoFaced) {
				names = append(names, twoFaced) // they work hand in hand
			}
		}
		p.liars[id] = names
	}
}

// drawDisturbances: none in every second seed; otherwise some crashes, also of
// more than f nodes at once, and some resets.
func (p *plan) drawDisturbances(d *dice) {
	if d.flip() {
		return
	}
	n, span := p.quorum.All(), p.epochs*epochEvents(p.quorum.All())
	for range 1 + d.below(4) {
		x := disturbance{step: d.below(span), node: d.below(n), after: 1 + d.below(span/3)}
		x.peer, x.torn = x.node, p.sync > 0 && d.flip()
		if d.flip() && n > 1 {
			x.peer = (x.node + 1 + d.below(n-1)) % n
		}
		p.disturb = append(p.disturb, x)
	}
	if d.oneIn(8) { // everybody at once
		at := d.below(span)
		for id := range n {
			p.disturb = append(p.disturb, disturbance{step: at, node: id, peer: id, after: 1 + d.below(span/8)})
		}
	}
}

// String tells the plan to a reader.
func (p *plan) String() string {
	var liars []string
	for id, names := range p.liars {
		if names != nil {
			liars = append(liars, fmt.Sprintf("node %d: %s", id, strings.Join(names, "+")))
		}
	}
	crashes := 0
	for _, x := range p.disturb {
		if x.node == x.peer {
			crashes++
		}
	}
	return fmt.Sprintf("%d nodes, %d faulty (%s), K=%d, %d epochs, adversary %s, %d crashes, %d link resets",
		p.quorum.All(), p.liarCount, strings.Join(liars, "; "), p.window, p.epochs, p.adversary, crashes, len(p.disturb)-crashes)
}
