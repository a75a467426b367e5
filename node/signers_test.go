package node

import (
	"context"
	"testing"
	"time"

	"abad/bft"
	"abad/ledger"
)

func quorumOf(t *testing.T, n int) bft.Quorum {
	t.Helper()
	q, err := bft.NewQuorum(n)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func signersOf(t *testing.T, n int, self bft.ID, down ...bft.ID) *signers {
	s := &signers{quorum: quorumOf(t, n), self: self}
	for id := range s.quorum.IDs() {
		s.heard(id, true)
	}
	for _, id := range down {
		s.heard(id, false)
	}
	return s
}

// Of those that are up just enough sign a block, and everybody has turns.
func TestAsManySignAsItTakes(t *testing.T) {
	for _, c := range []struct {
		n    int
		down []bft.ID
	}{{1, nil}, {4, nil}, {4, []bft.ID{2}}, {7, nil}, {7, []bft.ID{0, 6}}, {16, []bft.ID{3}}} {
		turns := make([]int, c.n)
		for epoch := uint64(1); epoch <= uint64(3*c.n); epoch++ {
			signed := 0
			for self := range bft.ID(c.n) {
				s := signersOf(t, c.n, self, c.down...)
				if s.up.Has(self) && s.ours(epoch) {
					signed++
					turns[self]++
				}
			}
			if want := quorumOf(t, c.n).Amplify(); signed != want {
				t.Errorf("%d nodes, %v down: %d sign block %d, want %d", c.n, c.down, signed, epoch, want)
			}
		}
		for id, n := range turns {
			if n == 0 && signersOf(t, c.n, 0, c.down...).up.Has(bft.ID(id)) {
				t.Errorf("%d nodes, %v down: node %d never signs", c.n, c.down, id)
			}
		}
	}
}

// Who waits for a certificate in vain signs: that block, what waits behind it, and all
// for a while.
func TestWhoLacksACertificateSigns(t *testing.T) {
	s := signersOf(t, 4, 3)
	now := time.Now()
	if s.ours(4) || s.ours(5) || !s.ours(6) || !s.ours(7) {
		t.Fatal("turns are not what this test thinks")
	}
	s.wait(unsigned{epoch: 4, until: now.Add(time.Second)})
	s.wait(unsigned{epoch: 5, until: now.Add(2 * time.Second)})
	s.wait(unsigned{epoch: 8, until: now.Add(3 * time.Second)})
	if list := s.due(now.Add(time.Second-1), 0); list != nil || !s.next().Equal(now.Add(time.Second)) {
		t.Fatalf("too early: %v, next %v", list, s.next())
	}
	if list := s.due(now.Add(time.Second), 4); list != nil || !s.next().Equal(now.Add(2*time.Second)) || s.ours(9) {
		t.Fatalf("certified: %v, next %v", list, s.next())
	}
	list := s.due(now.Add(2*time.Second), 4)
	if len(list) != 2 || list[0].epoch != 5 || list[1].epoch != 8 || !s.next().IsZero() {
		t.Fatalf("in vain: %v, next %v", list, s.next())
	}
	if !s.ours(9) || !s.ours(8+signOpenly) || s.ours(8+signOpenly+4) {
		t.Error("who had to sign does not sign openly for a while, or for ever")
	}
}

// A node that keeps its shares to itself, with its links up, keeps no block from its
// certificate.
func TestWithheldShares(t *testing.T) {
	c := newCluster(t, 4)
	c.meddle = func(n *Node) {
		if tell := n.driver.certifier.tell; n.driver.self == 0 {
			n.driver.certifier.tell = func(ctx context.Context, in ledger.In) error {
				if _, share := in.(ledger.Signed); share {
					return nil
				}
				return tell(ctx, in)
			}
		}
	}
	c.startAll()
	for i := 0; c.nodes[1].Height() < 8; i++ { // it has had its turns
		c.submitAll(i, i+1, 1)
	}
	for _, n := range c.nodes {
		if err := n.WaitCertificate(within(t), n.Height()); err != nil {
			t.Errorf("node %d: %v", n.driver.self, err)
		}
	}
}
