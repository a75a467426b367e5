package net

import (
	"fmt"
	"slices"
	"testing"

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
		o.add(nil, []Outgoing{{Epoch: epoch, To: to, Msg: []byte(m)}})
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
			o.add(nil, []Outgoing{bad})
		}()
	}
	o.add(nil, []Outgoing{{To: 1, Msg: make([]byte, MaxMessage)}})
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
	o.add(nil, []Outgoing{{Topic: "x", To: 1, Msg: []byte("x")}, {Topic: "y", To: 1, Msg: []byte("y")}})
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

// A position and what is sent with it are one frame.
func TestOutboxTellsPositionAlong(t *testing.T) {
	o := newOutbox(0, 3, 4)
	for id := bft.ID(1); id < 3; id++ {
		o.connect(id, Position{}, Position{})
	}
	o.add(&Position{Committed: 1}, []Outgoing{{Epoch: 1, To: 1, Msg: []byte("m")}})
	for id, want := range map[bft.ID]int{1: 1, 2: 0} { // the other one hears of the position too
		select {
		case <-o.peers[id].wake:
		default:
			t.Errorf("the writer to %d sleeps", id)
		}
		msgs, at, some := o.take(id, nil)
		if !some || len(msgs) != want || at.Committed != 1 {
			t.Errorf("to %d: %d messages at %+v, %t", id, len(msgs), at, some)
		}
		if _, _, more := o.take(id, nil); more {
			t.Errorf("to %d: a second frame", id)
		}
	}
}

func TestOutboxTellsPosition(t *testing.T) {
	o := newOutbox(0, 2, 4)
	o.add(&Position{Committed: 5, Certified: 4}, nil)
	o.connect(1, Position{}, Position{Committed: 5, Certified: 4}) // HELLO told it
	if _, frames := drain(o, 1); frames != 0 {
		t.Error("says again what HELLO said")
	}
	<-o.peers[1].wake
	o.add(&Position{Committed: 6, Certified: 4}, nil)
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
	o.add(nil, []Outgoing{{To: 2, Msg: []byte("a")}, {To: 2, Msg: []byte("b")}})
	if len(o.peers[1].wake) != 0 || len(o.peers[2].wake) != 1 {
		t.Error("wrong writers wake")
	}
	o.add(nil, []Outgoing{{To: bft.Everyone, Msg: []byte("c")}})
	if len(o.peers[1].wake) != 1 || len(o.peers[2].wake) != 1 {
		t.Error("a writer sleeps")
	}
}
