package net

import (
	"encoding/binary"
	"net"

	"github.com/quic-go/quic-go"
	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"
)

const (
	// burstSize is the most that the system hands over in one piece.
	burstSize = 1 << 16
	// burstReads is how many pieces one system call may take.
	burstReads = 4
	// burstOOB has room for ECN, packet info and segment size.
	burstOOB = 128
)

// burstConn is a UDP socket that receives in bursts (udp(7), UDP_GRO). What a sender
// hands to its system at once, up to 64 KiB of packets, stays in one piece through the
// receiver's, too, and is cut into packets here. That saves the system the cutting
// and an entry of the receiving call for each packet.
//
// QUIC finds ReadBatch, and calls it from one goroutine.
type burstConn struct {
	socket
	system  *ipv4.PacketConn
	reads   [burstReads]ipv4.Message
	bursts  [burstReads]burst
	waiting []burst // of bursts: not handed on yet
}

// socket is what QUIC wants of a UDP socket, and [ipv4.NewPacketConn] too.
type socket interface {
	quic.OOBCapablePacketConn
	net.Conn
}

// burst is packets of one sender and of one size, the last of them may be shorter.
type burst struct {
	data []byte
	size int // 0: one packet
	oob  []byte
	from net.Addr
}

// next takes the next packet off the front.
func (b *burst) next() []byte {
	n := len(b.data)
	if b.size > 0 {
		n = min(n, b.size)
	}
	packet := b.data[:n]
	b.data = b.data[n:]
	return packet
}

// inBursts makes c receive in bursts, if it and the system can.
func inBursts(c net.PacketConn) net.PacketConn {
	udp, ok := c.(socket)
	if !ok {
		return c
	}
	raw, err := udp.SyscallConn()
	if err != nil {
		return c
	}
	var refused error
	err = raw.Control(func(fd uintptr) {
		refused = unix.SetsockoptInt(int(fd), unix.IPPROTO_UDP, unix.UDP_GRO, 1)
	})
	if err != nil || refused != nil {
		return c // a kernel before 5.0, or no UDP socket
	}
	b := &burstConn{socket: udp, system: ipv4.NewPacketConn(udp)}
	for i := range b.reads {
		b.reads[i].Buffers = [][]byte{make([]byte, burstSize)}
		b.reads[i].OOB = make([]byte, burstOOB)
	}
	return b
}

// ReadBatch fills ms with the next packets, at least one, and says how many.
func (c *burstConn) ReadBatch(ms []ipv4.Message, flags int) (n int, err error) {
	for len(c.waiting) == 0 {
		if err := c.read(flags); err != nil {
			return 0, err
		}
	}
	for n < len(ms) && len(c.waiting) > 0 {
		b, m := &c.waiting[0], &ms[n]
		m.N = copy(m.Buffers[0], b.next())
		m.NN = copy(m.OOB, b.oob)
		m.Flags, m.Addr = 0, b.from
		n++
		if len(b.data) == 0 {
			c.waiting = c.waiting[1:]
		}
	}
	return n, nil
}

func (c *burstConn) read(flags int) error {
	n, err := c.system.ReadBatch(c.reads[:], flags)
	if err != nil {
		return err
	}
	c.waiting = c.bursts[:0]
	for _, m := range c.reads[:n] {
		if m.N > 0 {
			oob := m.OOB[:m.NN]
			c.waiting = append(c.waiting, burst{data: m.Buffers[0][:m.N], size: burstSegment(oob), oob: oob, from: m.Addr})
		}
	}
	return nil
}

// burstSegment is the size of the packets in a burst, 0 if it is one packet.
func burstSegment(oob []byte) int {
	for len(oob) > 0 {
		head, body, rest, err := unix.ParseOneSocketControlMessage(oob)
		if err != nil {
			return 0
		}
		if head.Level == unix.IPPROTO_UDP && head.Type == unix.UDP_GRO && len(body) >= 4 {
			return int(int32(binary.NativeEndian.Uint32(body)))
		}
		oob = rest
	}
	return 0
}
