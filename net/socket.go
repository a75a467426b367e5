package net

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
)

// udpBuffer is the socket buffer that quic-go asks for, each way: at 60 MB/s
// it holds 0.1 s of packets while this process is not scheduled.
const udpBuffer = 7 << 20

// quic-go prints its own warning about small buffers past every logger, unless
// this variable is set. checkBuffers gives it through ours.
var silenceBufferWarning = sync.OnceValue(func() error {
	return os.Setenv("QUIC_GO_DISABLE_RECEIVE_BUFFER_WARNING", "true")
})

func (t *Transport) open() (net.PacketConn, error) {
	if err := silenceBufferWarning(); err != nil {
		return nil, err
	}
	if t.conf.Conn != nil {
		return t.conf.Conn, nil
	}
	addr, err := net.ResolveUDPAddr("udp", t.conf.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen on %q: %w", t.conf.Listen, err)
	}
	socket, err := net.ListenUDP("udp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %q: %w", t.conf.Listen, err)
	}
	return socket, nil
}

func (t *Transport) wrap(socket net.PacketConn) net.PacketConn {
	if t.conf.Wrap != nil {
		return t.conf.Wrap(socket)
	}
	return socket
}

// checkBuffers tells the operator once if the system gave less than was asked
// for, which costs packets under load and nothing else. A wrapped socket may
// hide its buffers from quic-go, so they are asked for here too.
func (t *Transport) checkBuffers(socket net.PacketConn) {
	udp, ok := socket.(*net.UDPConn)
	if !ok {
		return
	}
	receive, send, err := bufferSizes(udp)
	if err == nil && min(receive, send) < udpBuffer {
		err = errors.Join(udp.SetReadBuffer(udpBuffer), udp.SetWriteBuffer(udpBuffer))
		if err == nil {
			receive, send, err = bufferSizes(udp)
		}
	}
	if err != nil {
		t.log.Warn("UDP buffer sizes are unknown", "err", err)
		return
	}
	if min(receive, send) < udpBuffer {
		t.log.Warn("UDP buffers are small; raise net.core.rmem_max and net.core.wmem_max",
			"receive", receive, "send", send, "wanted", udpBuffer)
	}
}
