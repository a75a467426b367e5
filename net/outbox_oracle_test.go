package net

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"abad/bft"
)

// Against a plain copy: whatever happens, what a connection is handed is in the
// order of its epoch, and in the end each peer has got on its last connection
// all that is retained, that it can use and that is for it.
func TestOutboxAgainstOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const window = 2
		o := newOutbox(0, 3, window)
		var all []Outgoing
		released, sent := uint64(0), 0
		at := make([]Position, 3)
		got := make([]map[string]bool, 3)
		last := make([]map[uint64]int, 3)
		for i := range got {
			got[i], last[i] = map[string]bool{}, map[uint64]int{}
		}
		pull := func(peer bft.ID) {
			msgs, _, _ := o.take(peer, nil)
			for _, m := range msgs {
				var epoch uint64
				var k int
				fmt.Sscanf(string(m), "%d/%d", &epoch, &k)
				if epoch > at[peer].Committed+window || epoch > 0 && epoch <= at[peer].Certified {
					t.Fatalf("peer %d at %+v gets epoch %d", peer, at[peer], epoch)
				}
				if k <= last[peer][epoch] {
					t.Fatalf("%d of epoch %d after %d", k, epoch, last[peer][epoch])
				}
				last[peer][epoch] = k
				got[peer][string(m)] = true
			}
		}
		peer := rapid.Map(rapid.IntRange(1, 2), func(i int) bft.ID { return bft.ID(i) })
		t.Repeat(map[string]func(*rapid.T){
			"send": func(t *rapid.T) {
				epoch := rapid.Uint64Range(0, 8).Draw(t, "epoch")
				sent++
				to := rapid.SampledFrom([]bft.ID{bft.Everyone, 1, 2}).Draw(t, "to")
				m := Outgoing{Epoch: epoch, To: to, Msg: fmt.Appendf(nil, "%d/%d", epoch, sent)}
				o.add(nil, []Outgoing{m})
				if epoch == 0 || epoch > released {
					all = append(all, m)
				}
			},
			"take": func(t *rapid.T) { pull(peer.Draw(t, "peer")) },
			"connect": func(t *rapid.T) {
				p := peer.Draw(t, "peer")
				at[p] = Position{rapid.Uint64Range(0, 8).Draw(t, "committed"), rapid.Uint64Range(0, 4).Draw(t, "certified")}
				o.connect(p, at[p], Position{})
				got[p], last[p] = map[string]bool{}, map[uint64]int{}
			},
			"heard": func(t *rapid.T) {
				p := peer.Draw(t, "peer")
				at[p].Committed = rapid.Uint64Range(0, 8).Draw(t, "committed")
				o.heard(p, at[p])
			},
			"release": func(t *rapid.T) {
				e := rapid.Uint64Range(0, 4).Draw(t, "epoch")
				o.release(e)
				released = max(released, e)
				all = slices.DeleteFunc(all, func(m Outgoing) bool { return m.Epoch > 0 && m.Epoch <= e })
			},
		})
		for p := bft.ID(1); p < 3; p++ {
			pull(p)
			for _, m := range all {
				usable := m.Epoch <= at[p].Committed+window && (m.Epoch == 0 || m.Epoch > at[p].Certified)
				if (m.To == p || m.To == bft.Everyone) && usable && !got[p][string(m.Msg)] {
					t.Fatalf("peer %d at %+v misses %s", p, at[p], m.Msg)
				}
			}
		}
		bytes := 0
		for _, m := range all {
			bytes += len(m.Msg)
		}
		if s := o.held(); s != (Size{len(all), bytes}) {
			t.Fatalf("holds %+v, want %d messages of %d bytes", s, len(all), bytes)
		}
	})
}

// One step of a node among 16: 64 votes to all, taken by each of 15 writers.
func BenchmarkOutbox(b *testing.B) {
	o := newOutbox(0, 16, 4)
	vote := bytes.Repeat([]byte{1}, 60)
	step := make([]Outgoing, 64)
	buf := make([][]byte, 0, frameMessages)
	epoch := uint64(0)
	b.ReportAllocs()
	for b.Loop() {
		epoch++
		for i := range step {
			step[i] = Outgoing{Epoch: epoch, To: bft.Everyone, Msg: vote}
		}
		o.add(nil, step)
		for peer := bft.ID(1); peer < 16; peer++ {
			o.heard(peer, Position{Committed: epoch - 1})
			if msgs, _, _ := o.take(peer, buf[:0]); len(msgs) != len(step) {
				b.Fatal(len(msgs))
			}
		}
		o.release(epoch)
	}
}
