package net

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"abad/bft"
)

func TestAllToAll(t *testing.T) {
	const n, each = 4, 200
	c := startCluster(t, n, nil)
	for _, node := range c.nodes {
		for k := range each {
			node.Send(Outgoing{Epoch: 1, To: bft.Everyone, Msg: fmt.Appendf(nil, "%d says %d", node.conf.Self, k)})
		}
		for id := range bft.ID(n) {
			if id != node.conf.Self {
				node.Send(Outgoing{Epoch: 1, To: id, Msg: fmt.Appendf(nil, "%d to %d", node.conf.Self, id)})
			}
		}
	}
	for _, node := range c.nodes {
		next := make(map[bft.ID]int)
		full := 0
		node.until(t, "everybody's messages", func(e Event) bool {
			for _, m := range e.Msgs {
				want := fmt.Sprintf("%d says %d", e.From, next[e.From])
				if next[e.From] == each {
					want = fmt.Sprintf("%d to %d", e.From, node.conf.Self)
					full++
				}
				if string(m) != want {
					t.Fatalf("node %d got %q, want %q", node.conf.Self, m, want)
				}
				next[e.From]++
			}
			return full == n-1
		})
	}
}

// Nothing is lost and the order holds within a connection, however often
// connections break.
func TestReconnectLosesNothing(t *testing.T) {
	const total = 3000
	c := startCluster(t, 2, nil)
	var sender sync.WaitGroup
	sender.Go(func() {
		for k := range total {
			c.nodes[1].Send(Outgoing{Epoch: 1, To: 0, Msg: fmt.Appendf(nil, "%d", k)})
			if k%500 == 250 { // each side cuts in turn, while messages are on their way
				cut := c.nodes[k/500%2]
				before := cut.peers[1-cut.conf.Self].count.links.Load()
				eventually(t, "a link to cut", func() bool { return cut.peers[1-cut.conf.Self].present() != nil })
				cut.peers[1-cut.conf.Self].present().fail(errors.New("cut by the test"))
				eventually(t, "the next link", func() bool { return cut.peers[1-cut.conf.Self].count.links.Load() > before })
			}
		}
	})
	got := make(map[string]bool)
	last, links := -1, 0
	c.nodes[0].until(t, "all messages", func(e Event) bool {
		if e.Kind == LinkUp {
			last, links = -1, links+1
		}
		for _, m := range e.Msgs {
			var k int
			fmt.Sscan(string(m), &k)
			if k != last+1 {
				t.Fatalf("message %d after %d", k, last)
			}
			last = k
			got[string(m)] = true
		}
		return len(got) == total
	})
	sender.Wait()
	if links < 3 {
		t.Errorf("%d connections, the test wants several", links)
	}
}

// A node that comes back on the same address gets all that is retained, whether
// it dials or is dialled.
func TestRestart(t *testing.T) {
	for _, back := range []bft.ID{0, 1} {
		t.Run(fmt.Sprintf("node %d", back), func(t *testing.T) {
			c := startCluster(t, 2, nil)
			stays := c.nodes[1-back]
			stays.Send(Outgoing{Epoch: 1, To: back, Msg: []byte("kept")})
			for range 3 {
				c.nodes[back].until(t, "the message", func(e Event) bool { return len(e.Msgs) > 0 && string(e.Msgs[0]) == "kept" })
				c.nodes[back].stop()
				stays.until(t, "the link down", func(e Event) bool { return e.Kind == LinkDown })
				c.start(back)
				stays.until(t, "the link up", func(e Event) bool { return e.Kind == LinkUp })
			}
			if n := stays.Stats().Peers[back].Links; n < 4 {
				t.Errorf("%d links", n)
			}
		})
	}
}

// A crash says no goodbye: the new process resets the connections of the old
// one, or replaces them, long before they time out.
func TestCrashIsNoticed(t *testing.T) {
	for _, back := range []bft.ID{0, 1} {
		t.Run(fmt.Sprintf("node %d", back), func(t *testing.T) {
			c := newCluster(t, 2, nil)
			crash := c.startMortal(back)
			stays := c.start(1 - back)
			stays.linksUp(t, 1)
			crash()
			c.start(back)
			stays.Send(Outgoing{Epoch: 1, To: back, Msg: []byte("hello")})
			stays.until(t, "the old link down", func(e Event) bool { return e.Kind == LinkDown })
			c.nodes[back].until(t, "the message", func(e Event) bool { return len(e.Msgs) > 0 })
			if n := stays.log.count("no recent network activity"); n != 0 {
				t.Error("found only by the idle timeout")
			}
		})
	}
}

// An idle connection sends packets too small for a stateless reset. The lower node,
// which does not dial, knocks when it is back, and is dialled.
func TestKnock(t *testing.T) {
	c := newCluster(t, 2, func(conf *Config) { conf.Timing.Handshake = time.Second })
	crash := c.startMortal(0)
	stays := c.start(1)
	stays.linksUp(t, 1)
	old := stays.peers[0].present()
	eventually(t, "a link older than a knock", func() bool { return time.Since(old.since) > time.Second })
	crash()
	c.start(0)
	stays.until(t, "the old link down", func(e Event) bool { return e.Kind == LinkDown })
	stays.until(t, "the new link up", func(e Event) bool { return e.Kind == LinkUp })
	if stays.log.count("the peer has restarted") != 1 {
		t.Errorf("not found by a knock:\n%s", stays.log)
	}
}

// Who knocks without having restarted breaks no link, nor does it all the time.
func TestVainKnock(t *testing.T) {
	c := startCluster(t, 2, func(conf *Config) { conf.Timing.Handshake = patience }) // as long the link is young
	node := c.nodes[1]
	node.linksUp(t, 1)
	link := node.peers[0].present()
	for range 3 {
		r, err := c.rawDialTo(1, c.keys[0])
		if err == nil {
			err = r.closed()
		}
		if !remoteCode(err, codeKnock) {
			t.Errorf("closed with %v", err)
		}
	}
	if node.peers[0].present() != link {
		t.Error("a young link is gone")
	}
	now := time.Now().Add(time.Hour)
	for i, want := range []bool{true, false, true} {
		if got := node.peers[0].mayKnock(now.Add(time.Duration(i)*time.Second), 2*time.Second); got != want {
			t.Errorf("knock %d counts: %v", i, got)
		}
	}
}

// startMortal starts a node that can crash: it stops without a word.
func (c *testCluster) startMortal(id bft.ID) (crash func()) {
	mute := c.startMute(id)
	return func() {
		mute.set(true)
		c.nodes[id].stop()
	}
}

// startMute starts a node that can be made to say nothing.
func (c *testCluster) startMute(id bft.ID) *muteConn {
	socket, err := net.ListenPacket("udp", c.peers[id].Addr)
	if err != nil {
		c.t.Fatal(err)
	}
	mute := &muteConn{PacketConn: socket}
	conf := c.config(id)
	conf.Conn, conf.Wrap = socket, func(net.PacketConn) net.PacketConn { return mute }
	c.startWith(id, conf)
	return mute
}

// muteConn drops what is sent while it is mute.
type muteConn struct {
	net.PacketConn
	mu   sync.Mutex
	mute bool
}

func (m *muteConn) set(mute bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mute = mute
}

func (m *muteConn) WriteTo(p []byte, to net.Addr) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.mute {
		return len(p), nil
	}
	return m.PacketConn.WriteTo(p, to)
}

// A newer connection of a peer takes the place of the older one, in order.
func TestReplaced(t *testing.T) {
	c := newCluster(t, 2, nil)
	node := c.start(0)
	first := c.rawLink()
	second := c.rawLink()
	if err := first.closed(); !remoteCode(err, codeReplaced) {
		t.Errorf("the first was closed with %v", err)
	}
	second.write(appendFrame(nil, encodeFrame(Position{Committed: 3}, [][]byte{[]byte("second")})))
	var kinds []Kind
	node.until(t, "the second's frame", func(e Event) bool {
		kinds = append(kinds, e.Kind)
		return e.Kind == Frame
	})
	if want := []Kind{LinkUp, LinkDown, LinkUp, Frame}; fmt.Sprint(kinds) != fmt.Sprint(want) {
		t.Errorf("events %v, want %v", kinds, want)
	}
	if s := node.Stats().Peers[1]; !s.Up || s.Links != 2 || s.Violations != 0 {
		t.Errorf("stats %+v", s)
	}
}

// Two processes with one key do not fight: the replaced one waits long.
func TestReplacedDialerBacksOff(t *testing.T) {
	b := backoff{lo: 1, hi: 1 << 20}
	var got []int64
	for range 4 {
		got = append(got, int64(b.pause(0)))
	}
	b.next = b.hi
	got = append(got, int64(b.pause(0)), int64(b.pause(1)))
	b.reset()
	got = append(got, int64(b.pause(0)))
	if fmt.Sprint(got) != "[1 2 4 8 1048576 524288 1]" {
		t.Errorf("pauses %v", got)
	}
}

func TestGarbageIsHarmless(t *testing.T) {
	c := startCluster(t, 2, nil)
	c.nodes[0].linksUp(t, 1)
	socket, err := net.Dial("udp", c.peers[0].Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	for size := range 1300 {
		packet := make([]byte, size)
		for i := range packet {
			packet[i] = byte(size*i + i>>3 + size) // every first byte, every header form
		}
		if _, err := socket.Write(packet); err != nil {
			t.Logf("write: %v", err)
		}
	}
	c.nodes[1].Send(Outgoing{To: 0, Msg: []byte("still here")})
	c.nodes[0].until(t, "a message", func(e Event) bool { return e.Kind == Frame })
	if links := c.nodes[0].Stats().Peers[1].Links; links != 1 {
		t.Errorf("%d links", links)
	}
}

func TestRunOnce(t *testing.T) {
	c := startCluster(t, 1, nil)
	if err := c.nodes[0].Run(context.Background()); err == nil {
		t.Error("ran twice")
	}
	if c.nodes[0].Addr().String() != c.peers[0].Addr {
		t.Errorf("listens on %v, wanted %v", c.nodes[0].Addr(), c.peers[0].Addr)
	}
}

// A socket that dies under us ends Run with an error, not silently.
func TestSocketLost(t *testing.T) {
	checkLeaks(t)
	c := newCluster(t, 2, nil)
	conf := c.config(0)
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	conf.Conn = socket
	tr, err := New(conf)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() { ended <- tr.Run(t.Context()) }()
	<-tr.Listening()
	socket.Close()
	if err := <-ended; err == nil {
		t.Error("no error")
	}
}
