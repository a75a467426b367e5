package net

import (
	"bytes"
	"context"
	"fmt"
	"io"
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
	if s := slow.Stats().Peers[1]; s.InboxBytes > 1<<20+200 && s.InboxFrames > 2 {
		t.Errorf("the inbox holds %d bytes in %d frames", s.InboxBytes, s.InboxFrames)
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

// A receiver that reads no push at all still gets and answers everything else:
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
	body := make([]byte, 8<<20)
	const pushes = 10
	for range pushes {
		a.Push(0, nil, func() ([]byte, error) { return body, nil })
		b.Push(1, nil, func() ([]byte, error) { return body, nil })
	}
	for range 2 * pushStreams {
		<-started
	}
	link := b.peers[1].present()
	eventually(t, "all pushes have used up their windows", func() bool {
		return link.conn.ConnectionStats().BytesReceived > pushStreams*streamWindow
	})
	// Far more than one window of frames and answers, both ways.
	for k := range 40 {
		for _, node := range []*testNode{a, b} {
			to := 1 - node.conf.Self
			node.Send(Outgoing{Epoch: 1, To: to, Msg: bytes.Repeat([]byte{byte(k)}, 1<<20)})
			c.nodes[to].until(t, "a vote", func(e Event) bool { return len(e.Msgs) == 1 })
			if k%10 == 0 {
				if _, err := node.Request(t.Context(), to, 1, nil, 4<<20); err != nil {
					t.Fatalf("pull: %v", err)
				}
			}
		}
	}
	if len(started) != 0 {
		t.Errorf("%d pushes started beyond %d", len(started), pushStreams)
	}
	close(blocked)
	eventually(t, "the pushes arrive", func() bool {
		return a.Stats().Peers[0].Push.In == pushes && b.Stats().Peers[1].Push.In == pushes
	})
}

// What is not for a running process to bound by itself: a peer's streams that
// end early must not pile up handlers.
func TestResetPushesDoNotPileUp(t *testing.T) {
	release := make(chan struct{})
	var running, most gauge
	c := newCluster(t, 2, func(conf *Config) {
		conf.OnPush = func(ctx context.Context, _ bft.ID, _ []byte, _ int64, body io.Reader) error {
			most.max(running.add(1))
			defer running.add(-1)
			select {
			case <-release:
			case <-ctx.Done():
			}
			return nil
		}
	})
	node := c.start(0)
	r := c.rawLink()
	ctx, cancel := context.WithCancel(t.Context())
	opened := make(chan int)
	go func() {
		n := 0
		for ; ; n++ {
			s, err := r.conn.OpenUniStreamSync(ctx)
			if err != nil {
				break
			}
			s.Write([]byte{0, 0, 0, 0, 0, 9})
			if n >= pushStreams/2 {
				s.CancelWrite(1)
			} else {
				s.Close()
			}
		}
		opened <- n
	}()
	eventually(t, "handlers run", func() bool { return running.add(0) >= pushStreams/2 })
	r.write(appendFrame(nil, encodeFrame(Position{Committed: 9}, nil)))
	node.until(t, "a frame behind all that", func(e Event) bool { return e.Position.Committed == 9 })
	close(release)
	cancel()
	if n := <-opened; n < pushStreams {
		t.Errorf("%d streams opened", n)
	}
	if m := most.add(0); m > pushStreams {
		t.Errorf("%d handlers at once, limit %d", m, pushStreams)
	}
}
