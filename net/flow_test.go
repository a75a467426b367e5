package net

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"testing"

	"abad/bft"
)

func TestWindowHoldsBack(t *testing.T) {
	c := startCluster(t, 2, func(conf *Config) { conf.Window = 4 })
	a, b := c.nodes[1], c.nodes[0]
	a.Send(Outgoing{Epoch: 5, To: 0, Msg: []byte("five")}, Outgoing{Epoch: 4, To: 0, Msg: []byte("four")})
	var got []string
	take := func(n int) {
		t.Helper()
		b.until(t, "messages", func(e Event) bool {
			for _, m := range e.Msgs {
				got = append(got, string(m))
			}
			return len(got) >= n
		})
	}
	take(1)
	b.SetPosition(Position{Committed: 1})
	take(2)
	if fmt.Sprint(got) != "[four five]" {
		t.Errorf("got %q", got)
	}
	// The position went without any message, and came as an event.
	a.until(t, "the position", func(e Event) bool { return e.Kind == Frame && e.Position.Committed == 1 })
}

// A driver that does not take the frames of one peer, or at all, stops that
// peer's connection and no other; when it takes again, nothing is missing.
func TestSlowReader(t *testing.T) {
	const n, big = 3, 1 << 20
	c := startCluster(t, n, func(conf *Config) { conf.Limits.InboxBytes = 1 << 20 })
	slow := c.nodes[0]
	// More than the inbox, both stream buffers and all windows can hold.
	const flood = 24
	for k := range flood {
		msg := make([]byte, big)
		msg[0] = byte(k)
		c.nodes[1].Send(Outgoing{Epoch: 1, To: 0, Msg: msg})
	}
	eventually(t, "the inbox is full", func() bool {
		return slow.Stats().Peers[1].InboxBytes >= big && c.nodes[1].Stats().Peers[0].Backlog > 0
	})
	// Others go on: with the slow node and with the one that is stopped.
	c.nodes[1].Send(Outgoing{Epoch: 1, To: 2, Msg: []byte("past it")})
	c.nodes[2].until(t, "a message of the stopped node", func(e Event) bool { return len(e.Msgs) == 1 })
	c.nodes[2].Send(Outgoing{Epoch: 1, To: 0, Msg: []byte("third")})
	eventually(t, "the third node's frame", func() bool { return slow.Stats().Peers[2].InboxFrames == 2 })
	// A link up and one frame, which is larger than all of the room.
	if s := slow.Stats().Peers[1]; s.InboxFrames != 2 {
		t.Errorf("the inbox holds %d bytes in %d frames", s.InboxBytes, s.InboxFrames)
	}
	if n := c.nodes[1].Stats().Peers[0].Backlog; n < flood/2 {
		t.Errorf("only %d messages of %d wait at the sender", n, flood)
	}
	next, third := 0, false
	slow.until(t, "everything", func(e Event) bool {
		for _, m := range e.Msgs {
			if e.From == 2 {
				third = true
			} else if int(m[0]) != next {
				t.Fatalf("message %d, want %d", m[0], next)
			} else {
				next++
			}
		}
		return third && next == flood
	})
	if c.nodes[1].Stats().Peers[0].Links != 1 {
		t.Error("the link broke")
	}
}

// A receiver that reads no push at all, on any stream there is, still gets and answers everything else:
// the arithmetic of connectionWindow.
func TestBlockedPushesBlockNothingElse(t *testing.T) {
	blocked := make(chan struct{})
	started := make(chan struct{}, 100)
	c := startCluster(t, 2, func(conf *Config) {
		conf.OnPush = func(ctx context.Context, _ bft.ID, _ []byte, size int64, body io.Reader) error {
			started <- struct{}{}
			select {
			case <-blocked:
			case <-ctx.Done():
			}
			_, err := io.Copy(io.Discard, body)
			return err
		}
		conf.OnRequest = func(_ context.Context, _ bft.ID, _ byte, body []byte) ([]byte, error) {
			return make([]byte, 3<<20), nil
		}
	})
	a, b := c.nodes[1], c.nodes[0]
	a.linksUp(t, 1)
	b.linksUp(t, 1)
	// A push that fills its window and no more lets its sender begin the next.
	body := make([]byte, streamWindow-6)
	const pushes = pushStreams + 8
	for range pushes {
		a.Push(0, nil, func() ([]byte, error) { return body, nil })
		b.Push(1, nil, func() ([]byte, error) { return body, nil })
	}
	for range 2 * pushHandlers {
		<-started
	}
	for _, node := range []*testNode{a, b} {
		link := node.peers[1-node.conf.Self].present()
		eventually(t, "all pushes have used up their windows", func() bool {
			return link.conn.ConnectionStats().BytesReceived > pushStreams*streamWindow // with what QUIC adds
		})
	}
	// Far more than one window of frames and answers, both ways.
	for k := range 40 {
		for _, node := range []*testNode{a, b} {
			to := 1 - node.conf.Self
			node.Send(Outgoing{Epoch: 1, To: to, Msg: bytes.Repeat([]byte{byte(k)}, 1<<20)})
			c.nodes[to].until(t, "a vote", func(e Event) bool { return len(e.Msgs) == 1 })
			if k%10 == 0 {
				if _, err := node.Request(t.Context(), to, 1, nil, 4<<20, nil); err != nil {
					t.Fatalf("pull: %v", err)
				}
			}
		}
	}
	if len(started) != 0 {
		t.Errorf("%d pushes started beyond %d", len(started), pushHandlers)
	}
	close(blocked)
	eventually(t, "the pushes arrive", func() bool {
		return a.Stats().Peers[0].Push.In == pushes && b.Stats().Peers[1].Push.In == pushes
	})
}

// A peer has no more handlers running than it may, though it ends its streams:
// every push was read to its end, every request was cancelled.
func TestHandlersAreBounded(t *testing.T) {
	release := make(chan struct{})
	var pushes, requests gauge
	c := newCluster(t, 2, func(conf *Config) {
		conf.OnPush = func(ctx context.Context, _ bft.ID, _ []byte, _ int64, body io.Reader) error {
			_, err := io.ReadAll(body)
			pushes.add(1)
			<-release
			return err
		}
		conf.OnRequest = func(context.Context, bft.ID, byte, []byte) ([]byte, error) {
			requests.add(1)
			<-release
			return nil, nil
		}
	})
	node := c.start(0)
	r := c.rawLink()
	const more = 3
	var opening sync.WaitGroup
	open := func(stream io.WriteCloser, err error, data []byte) {
		if err != nil {
			t.Error(err)
			return
		}
		stream.Write(data)
		stream.Close()
	}
	for range pushStreams + more {
		opening.Go(func() {
			s, err := r.conn.OpenUniStreamSync(t.Context())
			open(s, err, []byte{0, 0, 0, 0, 0, 1, 'x'})
		})
	}
	for range requestStreams + more {
		opening.Go(func() {
			s, err := r.conn.OpenStreamSync(t.Context())
			open(s, err, []byte{1, 0, 0, 0, 0})
			s.CancelRead(streamUnwanted)
		})
	}
	eventually(t, "the handlers run", func() bool { return pushes.add(0) >= pushHandlers && requests.add(0) >= requestStreams })
	for k := range uint64(20) { // so that everything else that was sent has arrived
		r.write(appendFrame(nil, encodeFrame(Position{Committed: k + 1}, nil)))
		node.until(t, "a frame", func(e Event) bool { return e.Position.Committed == k+1 })
		node.SetPosition(Position{Committed: k + 1})
		if _, err := r.readFrame(); err != nil {
			t.Fatal(err)
		}
	}
	if p, q := pushes.add(0), requests.add(0); p != pushHandlers || q != requestStreams {
		t.Errorf("%d pushes and %d requests at once, limits %d and %d", p, q, pushHandlers, requestStreams)
	}
	close(release)
	opening.Wait()
	eventually(t, "the others had their turn", func() bool {
		return pushes.add(0) == pushStreams+more && requests.add(0) == requestStreams+more
	})
}
