package net

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"
)

func udpSocket(t testing.TB) *net.UDPConn {
	t.Helper()
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// sendBurst hands data to the system at once, to be cut into packets of a size.
func sendBurst(t testing.TB, from *net.UDPConn, to net.Addr, data []byte, size int) {
	t.Helper()
	oob := make([]byte, unix.CmsgSpace(2))
	binary.NativeEndian.PutUint64(oob, uint64(unix.CmsgLen(2)))
	binary.NativeEndian.PutUint32(oob[8:], unix.IPPROTO_UDP)
	binary.NativeEndian.PutUint32(oob[12:], unix.UDP_SEGMENT)
	binary.NativeEndian.PutUint16(oob[unix.CmsgLen(0):], uint16(size))
	if _, _, err := from.WriteMsgUDP(data, oob, to.(*net.UDPAddr)); err != nil {
		t.Fatal(err)
	}
}

// messages is what QUIC reads into.
func messages(n int) []ipv4.Message {
	ms := make([]ipv4.Message, n)
	for i := range ms {
		ms[i].Buffers, ms[i].OOB = [][]byte{make([]byte, 1452)}, make([]byte, 128)
	}
	return ms
}

func burstsOf(t testing.TB, c *net.UDPConn) *burstConn {
	t.Helper()
	b, ok := inBursts(c).(*burstConn)
	if !ok {
		t.Skip("this system has no UDP_GRO")
	}
	b.SetReadDeadline(time.Now().Add(10 * time.Second))
	return b
}

// Whatever the sender puts together comes out as the packets that it meant, in order
// and with their sender.
func TestBurstsAreCutIntoPackets(t *testing.T) {
	from, to := udpSocket(t), udpSocket(t)
	c := burstsOf(t, to)
	var want [][]byte
	seed := rand.New(rand.NewPCG(1, 2))
	for _, shape := range []struct{ bytes, size int }{{1200, 0}, {5000, 1200}, {1, 0}, {30 * 1200, 1200}, {2400, 1200}, {1252, 1252}, {17, 16}} {
		data := make([]byte, shape.bytes)
		for i := range data {
			data[i] = byte(seed.Uint32())
		}
		size := shape.size
		if size == 0 {
			size = shape.bytes
			if _, err := from.WriteTo(data, to.LocalAddr()); err != nil {
				t.Fatal(err)
			}
		} else {
			sendBurst(t, from, to.LocalAddr(), data, size)
		}
		for len(data) > 0 {
			n := min(size, len(data))
			want = append(want, data[:n])
			data = data[n:]
		}
	}
	ms := messages(8)
	most := 0
	for got := 0; got < len(want); {
		n, err := c.ReadBatch(ms, 0)
		if err != nil || n == 0 {
			t.Fatalf("%d packets of %d, then %d and %v", got, len(want), n, err)
		}
		most = max(most, n)
		for _, m := range ms[:n] {
			if !bytes.Equal(m.Buffers[0][:m.N], want[got]) {
				t.Fatalf("packet %d of %d bytes, want %d", got, m.N, len(want[got]))
			}
			if m.Addr.String() != from.LocalAddr().String() {
				t.Fatalf("packet %d is from %v", got, m.Addr)
			}
			got++
		}
	}
	if most < 8 {
		t.Errorf("%d packets at once at most", most)
	}
}

// What is longer than a packet may be is cut off, as the system does, and an empty
// one is none.
func TestBurstsOfOddPackets(t *testing.T) {
	from, to := udpSocket(t), udpSocket(t)
	c := burstsOf(t, to)
	for _, size := range []int{0, 9000, 3} {
		if _, err := from.WriteTo(make([]byte, size), to.LocalAddr()); err != nil {
			t.Fatal(err)
		}
	}
	ms := messages(1)
	for _, want := range []int{1452, 3} {
		if n, err := c.ReadBatch(ms, 0); n != 1 || err != nil || ms[0].N != want {
			t.Errorf("%d packets with %d bytes, %v, want one with %d", n, ms[0].N, err, want)
		}
	}
	c.SetReadDeadline(time.Now())
	if n, err := c.ReadBatch(ms, 0); n != 0 || err == nil {
		t.Errorf("after the deadline: %d packets, %v", n, err)
	}
}

// A conn that is no socket stays what it is.
func TestBurstsNeedASocket(t *testing.T) {
	c := struct{ net.PacketConn }{udpSocket(t)}
	if got := inBursts(c); got != net.PacketConn(c) {
		t.Errorf("%T", got)
	}
}

// BenchmarkReceive is what receiving a packet of 1252 bytes costs, with what sending
// it costs, in bursts of as many as QUIC sends at once.
func BenchmarkReceive(b *testing.B) {
	const packets, size = 16, 1252
	for _, inOne := range []bool{false, true} {
		b.Run(fmt.Sprintf("bursts=%v", inOne), func(b *testing.B) {
			from, to := udpSocket(b), udpSocket(b)
			var c interface {
				ReadBatch([]ipv4.Message, int) (int, error)
			} = ipv4.NewPacketConn(to)
			if inOne {
				c = burstsOf(b, to)
			}
			data, ms := make([]byte, packets*size), messages(8)
			b.SetBytes(packets * size)
			b.ReportAllocs()
			for b.Loop() {
				sendBurst(b, from, to.LocalAddr(), data, size)
				for got := 0; got < packets; {
					n, err := c.ReadBatch(ms, 0)
					if err != nil {
						b.Fatal(err)
					}
					got += n
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*packets), "ns/packet")
		})
	}
}
