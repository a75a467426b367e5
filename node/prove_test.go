package node

import (
	"errors"
	"testing"

	"abad/coin"
)

// Every value of the log is proved to a stranger who has the public key alone,
// also with values that were skipped as repeats among them.
func TestProve(t *testing.T) {
	c := newCluster(t, 4)
	c.startAll()
	c.submitAll(0, 100, 0, 1, 2, 3)
	ctx := within(t)
	again, err := c.nodes[2].Submit(ctx, value(7))
	if err != nil {
		t.Fatal(err)
	}
	n := c.nodes[1]
	if err := n.WaitCertificate(ctx, c.nodes[2].Height()); err != nil {
		t.Fatal(err)
	}
	key, err := coin.ParsePublicKey(n.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		r, err := n.Find(ctx, value(i).ID)
		if err != nil {
			t.Fatal(err)
		}
		if i == 7 && (r.Block != again.Block || r.Index != again.Index) {
			t.Errorf("a repeat has receipt %+v, the log says %+v", again, r)
		}
		v, p, err := n.Prove(r.Block, r.Index)
		if err != nil {
			t.Fatal(err)
		}
		if v.ID != value(i).ID || string(v.Payload) != string(value(i).Payload) {
			t.Errorf("value %d is proved as %q", i, v.Payload)
		}
		if err := p.Verify(key, value(i)); err != nil {
			t.Errorf("value %d: %v", i, err)
		}
	}
	if _, err := n.Find(ctx, value(100).ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("an unknown value: %v", err)
	}
	if _, _, err := n.Prove(1, 1000); !errors.Is(err, ErrNotFound) {
		t.Errorf("a value beyond the block: %v", err)
	}
	if _, _, err := n.Prove(n.Height()+1, 0); !errors.Is(err, ErrNotFound) {
		t.Errorf("a value of a block to come: %v", err)
	}
}
