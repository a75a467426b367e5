package netem

import (
	"bytes"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// socket is a packet conn that notes what it is given, and when.
type socket struct {
	net.PacketConn
	began time.Time
	mu    sync.Mutex
	got   []string
}

// sent is what has come out when all is quiet.
func (s *socket) sent() []string {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

func (s *socket) WriteTo(data []byte, addr net.Addr) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got = append(s.got, fmt.Sprintf("%s to %d at %v", data, addr.(*net.UDPAddr).Port, time.Since(s.began)))
	return len(data), nil
}

func (s *socket) Close() error { return nil }

func addr(port int) *net.UDPAddr { return &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port} }

// conn is node 0 of three at ports 1, 2 and 3.
func conn(t *testing.T, n Network) (*socket, net.PacketConn) {
	t.Helper()
	wrap, err := n.Wrap(0, []string{"127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"})
	if err != nil {
		t.Fatal(err)
	}
	s := &socket{began: time.Now()}
	return s, wrap(s)
}

func write(t *testing.T, c net.PacketConn, text string, port int) {
	t.Helper()
	if n, err := c.WriteTo([]byte(text), addr(port)); n != len(text) || err != nil {
		t.Fatalf("%d %v", n, err)
	}
}

func TestDelayOfEachLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := conn(t, Network{Delay: [][]float64{{0, 50, 0.5}, {9, 0, 9}, {9, 9, 0}}})
		defer c.Close()
		data := []byte("a")
		c.WriteTo(data, addr(2))
		data[0] = 'x' // QUIC uses its buffers again
		time.Sleep(10 * time.Millisecond)
		write(t, c, "b", 2)
		write(t, c, "c", 3)
		write(t, c, "d", 77) // nobody of ours
		time.Sleep(time.Second)
		write(t, c, "e", 2)
		time.Sleep(time.Second)
		want := []string{"d to 77 at 10ms", "c to 3 at 10.5ms", "a to 2 at 50ms", "b to 2 at 60ms", "e to 2 at 1.06s"}
		if got := s.sent(); !slices.Equal(got, want) {
			t.Fatalf("%q, want %q", got, want)
		}
	})
}

// Jitter stays within its bounds, uses them, and keeps the order.
func TestJitterKeepsTheOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := Uniform(3, 50*time.Millisecond)
		n.Jitter, n.Seed = 20, 7
		s, c := conn(t, n)
		defer c.Close()
		var least, most time.Duration = time.Hour, 0
		for i := range 200 {
			before := time.Now()
			write(t, c, fmt.Sprintf("%03d", i), 2)
			for len(s.sent()) <= i {
				time.Sleep(time.Millisecond / 10)
			}
			took := time.Since(before)
			least, most = min(least, took), max(most, took)
		}
		if least < 30*time.Millisecond || least > 35*time.Millisecond || most < 65*time.Millisecond || most > 71*time.Millisecond {
			t.Fatalf("from %v to %v", least, most)
		}
		for i := range 200 {
			write(t, c, fmt.Sprintf("%03d", i), 2)
		}
		time.Sleep(time.Second)
		got := s.sent()[200:]
		if len(got) != 200 || !slices.IsSortedFunc(got, func(a, b string) int { return strings.Compare(a[:3], b[:3]) }) {
			t.Fatalf("%d packets, not in order", len(got))
		}
	})
}

func TestLossComesFromTheSeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		run := func(seed uint64) []string {
			s, c := conn(t, Network{Loss: 0.25, Seed: seed})
			defer c.Close()
			for i := range 1000 {
				write(t, c, fmt.Sprint(i), 2)
			}
			time.Sleep(time.Second)
			return s.sent()
		}
		one := run(1)
		if len(one) < 700 || len(one) > 800 {
			t.Fatalf("%d of 1000 packets arrived, with a quarter to be lost", len(one))
		}
		if !slices.Equal(one, run(1)) || slices.Equal(one, run(2)) {
			t.Fatal("the losses do not come from the seed")
		}
		if all := len(run(0)); all == 1000 {
			t.Fatal("seed 0 loses nothing")
		}
	})
}

// Of a burst only the lost packets are lost, and what follows a gap is a burst
// again: every packet of it but the last has the full size.
func TestLossInBursts(t *testing.T) {
	wrap := Network{Loss: 0.3, Seed: 3}
	l := newLines(wrap, 0, nil)
	if len(l.to) != 0 {
		t.Fatal("lines to nobody")
	}
	l = newLines(wrap, 0, map[netAddr]int{place(addr(1).AddrPort()): 0})
	var burst []byte
	for i := range 10 {
		burst = append(burst, bytes.Repeat([]byte{byte(i)}, 100)...)
	}
	burst = append(burst, 10, 10, 10) // a short one at the end
	lost, gaps := 0, 0
	for range 500 {
		left := 0
		for run := range l.to[0].survivors(burst, 100) {
			left += len(run)
			if len(run)%100 != 0 && (len(run)-3)%100 != 0 {
				t.Fatalf("a run of %d bytes", len(run))
			}
			gaps++
		}
		lost += len(burst) - left
	}
	if part := float64(lost) / float64(500*len(burst)); part < 0.25 || part > 0.35 || gaps < 500 {
		t.Fatalf("%.2f of the bytes are lost in %d runs", part, gaps)
	}
}

// A full link loses what comes, like a router.
func TestQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := conn(t, Uniform(3, time.Second))
		big := string(make([]byte, 1<<20))
		for range maxQueued>>20 + 5 {
			write(t, c, big, 2)
		}
		time.Sleep(2 * time.Second)
		if len(s.sent()) != maxQueued>>20 {
			t.Fatalf("%d packets", len(s.sent()))
		}
		write(t, c, "later", 2)
		time.Sleep(2 * time.Second)
		if len(s.sent()) != maxQueued>>20+1 {
			t.Fatal("the room did not come back")
		}
		c.Close()
	})
}

// A link of so many bytes a second has each packet wait for those before it, and loses
// what would wait too long.
func TestBandwidth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := Uniform(3, 30*time.Millisecond)
		n.Bandwidth = 0.1 // 100 bytes take a millisecond
		s, c := conn(t, n)
		defer c.Close()
		packet := func(first byte) string { return string(append(bytes.Repeat([]byte{'.'}, 99), first)) }
		write(t, c, packet('a'), 2)
		write(t, c, packet('b'), 2)
		write(t, c, packet('c'), 3) // a link of its own
		time.Sleep(time.Second)
		write(t, c, packet('d'), 2)
		time.Sleep(time.Second)
		var got []string
		for _, line := range s.sent() {
			got = append(got, strings.TrimLeft(line, "."))
		}
		slices.Sort(got)
		if want := []string{"a to 2 at 31ms", "b to 2 at 32ms", "c to 3 at 31ms", "d to 2 at 1.031s"}; !slices.Equal(got, want) {
			t.Fatalf("%q, want %q", got, want)
		}
		for range 1000 {
			write(t, c, packet('x'), 2)
		}
		time.Sleep(time.Second)
		if took := len(s.sent()) - 4; took != int(maxWait/time.Millisecond) {
			t.Fatalf("%d of 1000 packets, with room for %v of them", took, maxWait)
		}
	})
}

// Of a burst for which a link has too little room only the packets at its end are lost.
func TestBandwidthOfBursts(t *testing.T) {
	l := &line{bandwidth: 100_000}
	data := make([]byte, 30_050)
	run, _ := l.transmit(data, 100)
	if len(run) != 20_000 {
		t.Errorf("%d bytes in 200 ms at 100 kB/s", len(run))
	}
	if run, _ = l.transmit(data, 100); len(run)%100 != 0 || len(run) > 2_000 {
		t.Errorf("%d bytes more at once", len(run))
	}
}

// Close loses what is on its way and leaves nothing behind: synctest sees to that.
func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := conn(t, Uniform(3, time.Second))
		write(t, c, "a", 2)
		c.Close()
		time.Sleep(time.Minute)
		if len(s.sent()) != 0 {
			t.Fatal("sent after the close")
		}
		if _, err := c.WriteTo([]byte("b"), addr(2)); err == nil {
			t.Fatal("a closed conn takes packets")
		}
	})
}
