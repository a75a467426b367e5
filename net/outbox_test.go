package net

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"abad/bft"
)

// drain takes frames for a peer until there is nothing to say.
func drain(o *outbox, peer bft.ID) (got []string, frames int) {
	for {
		msgs, _, some := o.take(peer, nil)
		if !some {
			return got, frames
		}
		frames++
		for _, m := range msgs {
			got = append(got, string(m))
		}
	}
}

func send(o *outbox, epoch uint64, to bft.ID, msgs ...string) {
	for _, m := range msgs {
		o.add([]Outgoing{{Epoch: epoch, To: to, Msg: []byte(m)}})
	}
}

func expect(t *testing.T, o *outbox, peer bft.ID, want ...string) {
	t.Helper()
	if got, _ := drain(o, peer); !slices.Equal(got, want) {
		t.Errorf("peer %d gets %q, want %q", peer, got, want)
	}
}

func TestOutboxAddresses(t *testing.T) {
	o := newOutbox(0, 3, 4)
	send(o, 1, bft.Everyone, "a")
	send(o, 1, 2, "b")
	send(o, 1, bft.Everyone, "c")
	expect(t, o, 1, "a", "c")
	expect(t, o, 2, "a", "b", "c")
	expect(t, o, 2)
	for name, bad := range map[string]Outgoing{
		"self":     {To: 0},
		"too high": {To: 3},
		"too low":  {To: -2},
		"too long": {To: 1, Msg: make([]byte, MaxMessage+1)},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: accepted", name)
				}
			}()
			o.add([]Outgoing{bad})
		}()
	}
	o.add([]Outgoing{{To: 1, Msg: make([]byte, MaxMessage)}})
}

func TestOutboxWindow(t *testing.T) {
	o := newOutbox(0, 2, 4)
	send(o, 4, 1, "four")
	send(o, 5, 1, "five")
	send(o, 6, 1, "six")
	send(o, 0, 1, "outside")
	send(o, 1<<63, 1, "far")
	expect(t, o, 1, "outside", "four")
	o.heard(1, Position{Committed: 1})
	expect(t, o, 1, "five")
	o.heard(1, Position{Committed: 0}) // it lost its state: follow it
	expect(t, o, 1)
	o.heard(1, Position{Committed: 2})
	expect(t, o, 1, "six")
	o.heard(1, Position{Committed: 1<<64 - 1})
	expect(t, o, 1, "far")
}

func TestOutboxCertified(t *testing.T) {
	o := newOutbox(0, 2, 4)
	for e := range uint64(4) {
		send(o, e+1, 1, fmt.Sprint(e+1))
	}
	send(o, 0, 1, "outside")
	o.connect(1, Position{Committed: 3, Certified: 2}, Position{})
	expect(t, o, 1, "outside", "3", "4")
	o.connect(1, Position{}, Position{}) // it comes back without its state
	expect(t, o, 1, "outside", "1", "2", "3", "4")
}

func TestOutboxRelease(t *testing.T) {
	o := newOutbox(0, 2, 4)
	send(o, 1, 1, "1")
	send(o, 2, 1, "2a", "2b")
	o.add([]Outgoing{{Topic: "x", To: 1, Msg: []byte("x")}, {Topic: "y", To: 1, Msg: []byte("y")}})
	if s := o.held(); s != (Size{5, 7}) {
		t.Errorf("holds %+v", s)
	}
	o.release(1)
	send(o, 1, 1, "too late")
	o.releaseTopic("x")
	if s := o.held(); s != (Size{3, 5}) {
		t.Errorf("holds %+v", s)
	}
	expect(t, o, 1, "y", "2a", "2b")
	o.release(7)
	o.release(3) // never back
	send(o, 7, 1, "too late")
	o.releaseTopic("y")
	if s := o.held(); s != (Size{}) || len(o.epochs)+len(o.topics) != 0 {
		t.Errorf("holds %+v", s)
	}
}

func TestOutboxTellsPosition(t *testing.T) {
	o := newOutbox(0, 2, 4)
	o.setPosition(Position{Committed: 5, Certified: 4})
	o.connect(1, Position{}, Position{Committed: 5, Certified: 4}) // HELLO told it
	if _, frames := drain(o, 1); frames != 0 {
		t.Error("says again what HELLO said")
	}
	<-o.peers[1].wake
	o.setPosition(Position{Committed: 6, Certified: 4})
	select {
	case <-o.peers[1].wake:
	default:
		t.Error("the writer sleeps")
	}
	_, at, some := o.take(1, nil)
	if !some || at.Committed != 6 {
		t.Errorf("told %+v, %t", at, some)
	}
	if _, _, some := o.take(1, nil); some {
		t.Error("told twice")
	}
}

func TestOutboxSplits(t *testing.T) {
	o := newOutbox(0, 2, 4)
	big := string(make([]byte, frameTarget/2))
	send(o, 1, 1, big, big, "over", string(make([]byte, 2*frameTarget)), "last")
	var sizes []int
	for {
		msgs, _, some := o.take(1, nil)
		if !some {
			break
		}
		sizes = append(sizes, len(msgs))
	}
	if !slices.Equal(sizes, []int{2, 1, 1, 1}) {
		t.Errorf("frames of %v messages", sizes)
	}
	for range frameMessages + 1 {
		send(o, 2, 1, "")
	}
	msgs, _, _ := o.take(1, nil)
	rest, _, _ := o.take(1, nil)
	if len(msgs) != frameMessages || len(rest) != 1 {
		t.Errorf("%d and %d messages", len(msgs), len(rest))
	}
}

func TestOutboxWakesOnce(t *testing.T) {
	o := newOutbox(0, 3, 4)
	o.add([]Outgoing{{To: 2, Msg: []byte("a")}, {To: 2, Msg: []byte("b")}})
	if len(o.peers[1].wake) != 0 || len(o.peers[2].wake) != 1 {
		t.Error("wrong writers wake")
	}
	o.add([]Outgoing{{To: bft.Everyone, Msg: []byte("c")}})
	if len(o.peers[1].wake) != 1 || len(o.peers[2].wake) != 1 {
		t.Error("a writer sleeps")
	}
}

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
				o.add([]Outgoing{m})
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
		o.add(step)
		for peer := bft.ID(1); peer < 16; peer++ {
			o.heard(peer, Position{Committed: epoch - 1})
			if msgs, _, _ := o.take(peer, buf[:0]); len(msgs) != len(step) {
				b.Fatal(len(msgs))
			}
		}
		o.release(epoch)
	}
}
