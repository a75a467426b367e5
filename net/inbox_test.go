package net

import (
	"context"
	"errors"
	"testing"

	"abad/bft"
)

func frameFrom(id bft.ID, n uint64) Event {
	return Event{From: id, Kind: Frame, Position: Position{Committed: n}}
}

func TestInboxIsFair(t *testing.T) {
	in := newInbox(3, 100, 1000)
	ctx := context.Background()
	for k := range uint64(50) {
		if err := in.put(ctx, frameFrom(0, k), 1); err != nil {
			t.Fatal(err)
		}
	}
	in.put(ctx, frameFrom(2, 0), 1)
	in.put(ctx, frameFrom(1, 0), 1)
	in.put(ctx, frameFrom(2, 1), 1)
	var order []bft.ID
	next := make([]uint64, 3)
	for len(order) < 53 {
		<-in.Ready()
		e, ok := in.Take()
		if !ok {
			t.Fatal("ready with nothing")
		}
		if e.Position.Committed != next[e.From] {
			t.Fatalf("frame %d of node %d, want %d", e.Position.Committed, e.From, next[e.From])
		}
		next[e.From]++
		order = append(order, e.From)
	}
	for i, want := range []bft.ID{0, 2, 1, 0, 2, 0} {
		if order[i] != want {
			t.Fatalf("order %v", order[:6])
		}
	}
	if _, ok := in.Take(); ok {
		t.Error("something is left")
	}
}

func TestInboxIsBounded(t *testing.T) {
	full := errors.New("full")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(full) // a put that would wait fails at once
	for name, in := range map[string]*Inbox{"frames": newInbox(2, 2, 1000), "bytes": newInbox(2, 1000, 20)} {
		for k := range uint64(2) {
			if err := in.put(ctx, frameFrom(0, k), 10); err != nil {
				t.Fatalf("%s: at the limit: %v", name, err)
			}
		}
		if err := in.put(ctx, frameFrom(0, 2), 1); err != full {
			t.Errorf("%s: over the limit: %v", name, err)
		}
		if err := in.put(ctx, frameFrom(1, 0), 1000); err != nil {
			t.Errorf("%s: another peer, one frame of any size: %v", name, err)
		}
		in.down(0)
		if frames, bytes := in.depth(0); frames != 3 || bytes != 20 {
			t.Errorf("%s: %d events, %d bytes", name, frames, bytes)
		}
		in.Take()
		in.Take() // node 1's turn
		in.Take()
		if err := in.put(ctx, frameFrom(0, 3), 1); err != nil {
			t.Errorf("%s: with room again: %v", name, err)
		}
	}
}

func TestInboxPutWaitsForRoom(t *testing.T) {
	in := newInbox(1, 1, 1000)
	in.put(context.Background(), frameFrom(0, 0), 1)
	done := make(chan error)
	go func() { done <- in.put(context.Background(), frameFrom(0, 1), 1) }()
	if e, ok := in.Take(); !ok || e.Position.Committed != 0 {
		t.Fatal(e, ok)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if e, ok := in.Take(); !ok || e.Position.Committed != 1 {
		t.Fatal(e, ok)
	}
}
