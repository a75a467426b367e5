package netem

import (
	"net"
)

// wrap puts the lines in front of a socket.
func wrap(c net.PacketConn, l *lines) net.PacketConn {
	if udp, ok := c.(*net.UDPConn); ok {
		return &udpConn{UDPConn: udp, lines: l}
	}
	return &packetConn{PacketConn: c, lines: l}
}

// packetConn is any packet conn.
type packetConn struct {
	net.PacketConn
	lines *lines
}

// WriteTo sends a packet on its way.
func (c *packetConn) WriteTo(data []byte, addr net.Addr) (int, error) {
	line := c.lines.find(addr)
	if line == nil {
		return c.PacketConn.WriteTo(data, addr)
	}
	err := line.put(data, nil, len(data), func(data, _ []byte) error {
		_, err := c.PacketConn.WriteTo(data, addr)
		return err
	})
	return written(data, err)
}

// Close closes the socket; what is on its way is lost.
func (c *packetConn) Close() error {
	c.lines.close()
	return c.PacketConn.Close()
}

// udpConn is a UDP socket with all that QUIC finds in one: it reads batches from
// the descriptor itself, and writes through WriteMsgUDP.
type udpConn struct {
	*net.UDPConn
	lines *lines
}

// WriteTo sends a packet on its way.
func (c *udpConn) WriteTo(data []byte, addr net.Addr) (int, error) {
	line := c.lines.find(addr)
	if line == nil {
		return c.UDPConn.WriteTo(data, addr)
	}
	err := line.put(data, nil, len(data), func(data, _ []byte) error {
		_, err := c.UDPConn.WriteTo(data, addr)
		return err
	})
	return written(data, err)
}

// WriteMsgUDP sends a packet, or a burst of them, on its way.
func (c *udpConn) WriteMsgUDP(data, oob []byte, addr *net.UDPAddr) (n, oobn int, err error) {
	line := c.lines.find(addr)
	if line == nil {
		return c.UDPConn.WriteMsgUDP(data, oob, addr)
	}
	size := segmentSize(oob)
	if size <= 0 {
		size = len(data)
	}
	err = line.put(data, oob, size, func(data, oob []byte) error {
		_, _, err := c.UDPConn.WriteMsgUDP(data, oob, addr)
		return err
	})
	if n, err = written(data, err); err != nil {
		return 0, 0, err
	}
	return n, len(oob), nil
}

// Close closes the socket; what is on its way is lost.
func (c *udpConn) Close() error {
	c.lines.close()
	return c.UDPConn.Close()
}

func written(data []byte, err error) (int, error) {
	if err != nil {
		return 0, err
	}
	return len(data), nil
}
