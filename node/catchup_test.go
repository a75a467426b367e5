package node

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"abad/bft"
	"abad/codec"
	"abad/ledger"
	"abad/net/netem"
	"abad/store"
)

// A new node with an empty store gets the whole log, small batches with their
// blocks and large ones by name, and then takes part.
func TestCatchUpFromNothing(t *testing.T) {
	for _, shape := range []struct{ blocks, size int }{{3*rangeBlocks + 7, 100}, {20, 2 * smallBatch}, {3, 2 * usualBatch}} {
		c := newCluster(t, 3)
		f := c.forge(shape.blocks, shape.size)
		for i := range 2 {
			c.give(i, f)
			c.start(i)
		}
		c.start(2)
		n := c.nodes[2]
		if err := n.WaitCertificate(within(t), uint64(shape.blocks)); err != nil {
			t.Fatal(err)
		}
		if got := c.oneLog(0, 2); len(got) != shape.blocks {
			t.Errorf("%d values, want %d", len(got), shape.blocks)
		}
		for h := 1; h <= shape.blocks; h++ {
			cert, err := n.Certificate(uint64(h))
			if err != nil || !bytes.Equal(cert.Encode(), f.certs[h-1].Encode()) {
				t.Fatalf("certificate %d: %v", h, err)
			}
		}
		if _, err := n.Submit(within(t), value(1_000_000)); err != nil {
			t.Fatal(err)
		}
		if s, err := n.Status(within(t)); err != nil || s.Behind != 0 || s.Left != 0 {
			t.Errorf("%+v, %v", s, err)
		}
		c.noFaults(0, 1, 2)
		for i := range 3 {
			c.kill(i)
		}
	}
}

// Over links on which not even ten batches come in the time that a peer has for the
// beginning of its answer, and of which one takes longer than that, all come.
func TestCatchUpOverSlowLinks(t *testing.T) {
	for _, shape := range []struct{ blocks, size int }{{12, usualBatch - 1<<10}, {1, 7 * usualBatch}} {
		c := newCluster(t, 3)
		c.emulate(netem.Network{Bandwidth: 1})
		f := c.forge(shape.blocks, shape.size)
		for i := range 2 {
			c.give(i, f)
			c.start(i)
		}
		c.start(2)
		if err := c.nodes[2].WaitCertificate(within(t), uint64(shape.blocks)); err != nil {
			t.Fatal(err)
		}
		c.oneLog(0, 2)
		c.noFaults(0, 1, 2)
		for i := range 3 {
			c.kill(i)
		}
	}
}

// emulate puts a network between the nodes.
func (c *cluster) emulate(network netem.Network) {
	c.t.Helper()
	for i := range c.confs {
		var addrs []string
		for _, p := range c.confs[i].Peers {
			addrs = append(addrs, p.Addr)
		}
		wrap, err := network.Wrap(i, addrs)
		if err != nil {
			c.t.Fatal(err)
		}
		c.confs[i].Wrap = wrap
	}
}

// A node that keeps up with the votes does not ask for blocks, however many the others
// make: it once went on for ever, as on slow links blocks come before the certificates.
func TestCatchUpEnds(t *testing.T) {
	c := newCluster(t, 4)
	c.emulate(netem.Uniform(4, 60*time.Millisecond)) // a round trip takes longer than combinePause
	c.startAll()
	ctx := within(t)
	load := c.load(slices.Repeat([]int{0, 1, 2, 3}, 16)...)
	if err := c.nodes[0].WaitHeight(ctx, 10); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		long, cancel := context.WithCancel(ctx)
		var waiting sync.WaitGroup
		waiting.Go(func() {
			defer cancel()
			c.nodes[0].WaitHeight(long, c.nodes[0].Height()+100)
		})
		c.nodes[0].driver.follower.catchUp(long)
		if long.Err() != nil {
			t.Error("it goes on while there are new blocks")
		}
		cancel()
		waiting.Wait()
	}
	load.end()
}

// What a peer answers is proved before anything of it is used.
func TestAnswersWithBlocks(t *testing.T) {
	c := newCluster(t, 3)
	f := c.forge(rangeBlocks+1, 10)
	n, err := New(c.confs[2])
	if err != nil {
		t.Fatal(err)
	}
	defer n.store.Close()
	good := make([]certifiedBlock, len(f.blocks))
	for i, b := range f.blocks {
		good[i] = certifiedBlock{Block: b.Encode(), Certificate: f.certs[i]}
	}
	check := func(from uint64, blocks []certifiedBlock) error {
		_, err := n.driver.follower.check(0, from, codec.Marshal(blocks))
		return err
	}
	if err := check(1, good[:rangeBlocks]); err != nil {
		t.Errorf("a good answer: %v", err)
	}
	if err := check(3, good[2:5]); err != nil {
		t.Errorf("a good answer: %v", err)
	}
	if err := check(1, nil); !errors.Is(err, errNothing) {
		t.Errorf("no blocks: %v", err)
	}
	swapped := func(change func(a, b *certifiedBlock)) []certifiedBlock {
		list := append([]certifiedBlock{}, good[:20]...)
		change(&list[17], &list[18])
		return list
	}
	for what, answer := range map[string][]certifiedBlock{
		"one block too many":     good,
		"not from where asked":   good[1:3],
		"a gap":                  append(append([]certifiedBlock{}, good[:2]...), good[3:5]...),
		"certificates swapped":   swapped(func(a, b *certifiedBlock) { a.Certificate, b.Certificate = b.Certificate, a.Certificate }),
		"blocks swapped":         swapped(func(a, b *certifiedBlock) { *a, *b = *b, *a }),
		"another beacon":         swapped(func(a, b *certifiedBlock) { a.Certificate.Beacon = b.Certificate.Beacon }),
		"no certificate":         swapped(func(a, _ *certifiedBlock) { a.Certificate = ledger.Certificate{} }),
		"bytes that are nothing": swapped(func(a, _ *certifiedBlock) { a.Block = []byte("x") }),
	} {
		if err := check(1, answer); err == nil || errors.Is(err, errNothing) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := n.driver.follower.check(0, 1, []byte("x")); err == nil {
		t.Error("bytes that are no answer")
	}
}

// Pruned payload does not keep a node from giving the blocks, and large batches are
// left to be asked for.
func TestServeBlocks(t *testing.T) {
	c := newCluster(t, 3)
	for _, size := range []int{100, 2 * smallBatch} {
		f := c.forge(5, size)
		c.confs[0].Dir = t.TempDir()
		c.give(0, f)
		s, err := store.Open(c.confs[0].Dir, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.DropBatch(f.blocks[1].Batches[0].Digest); err != nil {
			t.Fatal(err)
		}
		for _, whole := range []bool{true, false} {
			answer, err := serve(s, 4, askBlocks, codec.Marshal(blockRequest{From: 1, Whole: whole}))
			if err != nil {
				t.Fatal(err)
			}
			var blocks []certifiedBlock
			if err := codec.Unmarshal(answer, &blocks); err != nil || len(blocks) != 4 {
				t.Fatalf("%d blocks, and 4 are certified: %v", len(blocks), err)
			}
			for i, b := range blocks {
				want := 0
				if whole && size < smallBatch && i != 1 {
					want = 1
				}
				if len(b.Batches) != want {
					t.Errorf("block %d comes with %d batches of about %d bytes, want %d", i+1, len(b.Batches), size, want)
				}
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// Work goes to the peer that has answered fastest, spreads when it is busy, and
// leaves out for a while who failed.
func TestChoice(t *testing.T) {
	c := newChoice(4)
	all := []bft.ID{0, 1, 2, 3}
	ask := func(want bft.ID) {
		t.Helper()
		if got, ok := c.take(all, bft.IDSet{}); !ok || got != want {
			t.Fatalf("asked %d, want %d: %+v", got, want, c.peers)
		}
	}
	for id := range bft.ID(4) {
		ask(id) // nobody is known yet
	}
	c.done(0, 40*time.Millisecond, nil)
	c.done(1, time.Millisecond, nil)
	c.done(2, 5*time.Second, errors.New("no answer"))
	c.done(3, 8*time.Millisecond, nil)
	ask(1)
	ask(3)
	ask(1)
	ask(0)
	var tried bft.IDSet
	for range 4 {
		id, ok := c.take(all, tried)
		if !ok || tried.Has(id) {
			t.Fatalf("asked %d again", id)
		}
		tried.Add(id)
	}
	if _, ok := c.take(all, tried); ok {
		t.Error("somebody is asked twice")
	}
	if _, ok := c.take(nil, bft.IDSet{}); ok {
		t.Error("nobody has it, and somebody is asked")
	}
}

// A long catch-up says how far it is every ten seconds, and when it is done; a
// short one says nothing.
func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		log := slog.New(slog.NewTextHandler(&out, nil))
		var p progress
		p.note(log, 0, 1000)
		time.Sleep(time.Second)
		p.note(log, 1000, 1000)
		p.done(log, 1000, 1000)
		if out.Len() > 0 {
			t.Errorf("a catch-up of a second says %q", out.String())
		}
		if p.eta(1000, 1000) != 0 {
			t.Error("something is left")
		}
		p.note(log, 1000, 6000)
		for s := range 50 {
			time.Sleep(time.Second)
			p.note(log, 1000+uint64(s+1)*100, 6000)
			if s == 20 {
				if eta := p.eta(3100, 6000); eta != 29*time.Second {
					t.Errorf("%v left, want 29s", eta)
				}
			}
		}
		p.done(log, 5000, 6000) // a peer stopped giving
		p.done(log, 6000, 6000)
		if got := strings.Count(out.String(), "catching up"); got != 5 {
			t.Errorf("%d lines in 50 seconds:\n%s", got, out.String())
		}
		for _, want := range []string{"height=2000 of=6000 blocks_per_second=100 left=40s", `msg="caught up" height=6000 blocks=5000 took=50s`} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("no %q in\n%s", want, out.String())
			}
		}
	})
}
