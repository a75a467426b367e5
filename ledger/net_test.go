package ledger

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"abad/batch"
	"abad/bft"
	"abad/bft/bfttest"
	"abad/coin"
	"abad/coin/cointest"
)

type packet = bfttest.Packet[Msg]

// world is a cluster in memory: the ledgers, and what a driver does for them.
type world struct {
	*bfttest.Net[In, Msg, Out]
	t       testing.TB
	n       int
	signers []coin.Signer
	batches map[bft.Hash][]batch.ValueID // every batch there is
	makers  map[bft.Hash]bft.ID
	held    []map[bft.Hash]bool
	blocks  [][]Committed
	certs   []map[uint64]Certificate
	journal []map[uint64][]Entry
	opened  []int
}

func newWorld(t testing.TB, n int, seed uint64, down ...bft.ID) *world {
	w := &world{
		t: t, n: n, signers: cointest.Signers(n, (n-1)/3+1, seed),
		batches: map[bft.Hash][]batch.ValueID{}, makers: map[bft.Hash]bft.ID{},
		blocks: make([][]Committed, n), opened: make([]int, n),
	}
	for range n {
		w.held = append(w.held, map[bft.Hash]bool{})
		w.certs = append(w.certs, map[uint64]Certificate{})
		w.journal = append(w.journal, map[uint64][]Entry{})
	}
	isDown := func(id bft.ID) bool {
		for _, d := range down {
			if d == id {
				return true
			}
		}
		return false
	}
	w.Net = bfttest.New(n, func(id bft.ID) bft.Machine[In, Msg, Out] {
		if isDown(id) {
			return nil
		}
		return New(w.config(id))
	})
	w.React = w.react
	w.Wait = func(p packet) bool { return p.Msg.Epoch > w.ledger(p.To).Height()+DefaultEpochs }
	for id := range n {
		if w.Nodes[id] == nil {
			continue
		}
		for peer := range n {
			w.input(bft.ID(id), 0, Link{Peer: bft.ID(peer), Up: !isDown(bft.ID(peer))})
		}
		w.input(bft.ID(id), 0, Clock{Now: uint64(1000 + id)})
		w.input(bft.ID(id), 0, Resume{})
	}
	return w
}

func (w *world) config(id bft.ID) Config {
	q, err := bft.NewQuorum(w.n)
	if err != nil {
		w.t.Fatal(err)
	}
	return Config{Quorum: q, Self: id, Cluster: bft.Sum([]byte("test")), Era: 1, Signer: w.signers[id]}
}

func (w *world) ledger(id bft.ID) *Machine { return w.Nodes[id].(*Machine) }

func (w *world) input(at bft.ID, depth int, in In) {
	w.t.Helper()
	if err := w.Input(at, depth, in); err != nil {
		w.t.Fatalf("node %d: %T: %v", at, in, err)
	}
}

// react is the driver.
func (w *world) react(at bft.ID, depth int, out Out) {
	switch out := out.(type) {
	case Journal:
		w.journal[at][out.Epoch] = append(w.journal[at][out.Epoch], out.Entry)
	case Opened:
		w.opened[at]++
		w.input(at, depth, Rested{})
	case Linger:
		w.input(at, depth, Hurried(out))
	case Want:
		if _, exists := w.batches[out.Digest]; exists { // pulled from somebody
			w.hold(at, depth, out.Digest)
		}
	case Committed:
		if e := out.Block.Header.Epoch; e == uint64(len(w.blocks[at])+1) {
			w.blocks[at] = append(w.blocks[at], out)
		} else {
			w.t.Fatalf("node %d commits block %d after %d", at, e, len(w.blocks[at]))
		}
		w.resign(at, out)
	case Combine:
		w.combine(at, depth, out)
	case Certified:
		w.certs[at][out.Epoch] = out.Certificate
	}
}

func (w *world) resign(at bft.ID, c Committed) {
	e := c.Block.Header.Epoch
	w.input(at, 0, Signed{Epoch: e, Cert: Cert{
		Block:  w.signers[at].Sign(coin.BlockMessage(c.Block.Hash())),
		Beacon: w.signers[at].Sign(coin.BeaconMessage(e)),
	}})
}

func (w *world) combine(at bft.ID, depth int, out Combine) {
	block, err1 := w.signers[at].Combine(coin.BlockMessage(out.Hash), out.Block)
	beacon, err2 := w.signers[at].Combine(coin.BeaconMessage(out.Epoch), out.Beacon)
	if err1 == nil && err2 == nil {
		w.input(at, depth, Certified{Epoch: out.Epoch, Certificate: Certificate{block, beacon}})
		return
	}
	bad := BadShares{Epoch: out.Epoch}
	for i, s := range out.Block {
		if w.signers[at].VerifyShare(s.From, coin.BlockMessage(out.Hash), s.Sig) != nil ||
			w.signers[at].VerifyShare(s.From, coin.BeaconMessage(out.Epoch), out.Beacon[i].Sig) != nil {
			bad.Peers = append(bad.Peers, s.From)
		}
	}
	w.input(at, depth, bad)
}

// batch makes a batch of these values.
func (w *world) batch(maker bft.ID, values ...uint64) bft.Hash {
	b := batch.NewBuilder([16]byte{})
	var ids []batch.ValueID
	for _, v := range values {
		var id batch.ValueID
		binary.BigEndian.PutUint64(id[:], v)
		ids = append(ids, id)
		b.Add(batch.Value{ID: id, Payload: []byte{byte(maker)}})
	}
	d := batch.Digest(b.Bytes())
	w.batches[d], w.makers[d] = ids, maker
	return d
}

func (w *world) hold(at bft.ID, depth int, d bft.Hash) {
	if w.Nodes[at] != nil && !w.held[at][d] {
		w.held[at][d] = true
		w.input(at, depth, Hold{Digest: d, Maker: w.makers[d], Values: w.batches[d]})
	}
}

// push gives a batch to these nodes, the maker first.
func (w *world) push(d bft.Hash, to ...bft.ID) {
	for _, id := range to {
		w.hold(id, 0, d)
	}
}

func (w *world) everyone() []bft.ID {
	var list []bft.ID
	for id := range w.n {
		list = append(list, bft.ID(id))
	}
	return list
}

// check demands one log at all nodes that are up, every value in it at most once,
// and no blame among them. It returns the values.
func (w *world) check() []batch.ValueID {
	w.t.Helper()
	var values []batch.ValueID
	var first *Machine
	for id, node := range w.Nodes {
		if node == nil {
			continue
		}
		m := node.(*Machine)
		if first == nil {
			first = m
			for _, c := range w.blocks[id] {
				values = append(values, c.Values...)
			}
		}
		if m.Height() != first.Height() || m.Hash() != first.Hash() {
			w.t.Fatalf("node %d is at block %d %s, others at %d %s", id, m.Height(), m.Hash().Short(), first.Height(), first.Hash().Short())
		}
		if m.certified != m.Height() {
			w.t.Fatalf("node %d has certificates up to %d of %d", id, m.certified, m.Height())
		}
		for _, f := range w.Faults[id] {
			if w.Nodes[f.Peer] != nil {
				w.t.Fatalf("node %d blames correct node %d: %v", id, f.Peer, f.Why)
			}
		}
	}
	seen := map[batch.ValueID]bool{}
	for _, v := range values {
		if seen[v] {
			w.t.Fatalf("value %s twice", v)
		}
		seen[v] = true
	}
	return values
}

func (w *world) rand(seed uint64) *rand.Rand {
	w.Rand = rand.New(rand.NewPCG(seed, 11))
	return w.Rand
}
