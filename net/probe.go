package net

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/quic-go/quic-go"

	"abad/bft"
)

// WireFormat names the wire format of this program; nodes with another one do not
// understand each other.
const WireFormat = alpn

// ErrOtherWire says that a peer answers, and speaks another wire format.
var ErrOtherWire = errors.New("it speaks another wire format than " + alpn)

// Probe makes a QUIC handshake with a peer and leaves. It shows that packets come
// through, that the peer owns the key which the roster has of it, and that both
// speak one wire format. It says no HELLO, so no link comes of it.
//
// It is for a node that does not run: two processes with one key are in each
// other's way. A higher peer takes it for a node that starts, and dials it in vain.
// The duration is that of the handshake.
//
// Errors: [ErrOtherWire], ctx's, or what the dial met.
func Probe(ctx context.Context, conf Config, peer bft.ID) (time.Duration, error) {
	if err := conf.validate(); err != nil {
		return 0, err
	}
	if peer == conf.Self || int(peer) >= len(conf.Peers) {
		return 0, fmt.Errorf("probe: node %d is no peer", peer)
	}
	if err := silenceBufferWarning(); err != nil {
		return 0, err
	}
	conf = conf.withDefaults()
	who, err := newIdentity(conf)
	if err != nil {
		return 0, err
	}
	began := time.Now()
	conn, err := quic.DialAddr(ctx, conf.Peers[peer].Addr, who.dialing(peer), quicConfig(conf.Timing))
	if err != nil {
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		return 0, probeError(err)
	}
	took := time.Since(began)
	closeWith(conn, errShutdown)
	return took, nil
}

// noApplicationProtocol is the TLS alert for it (RFC 8446, section 6.2), as QUIC
// carries alerts (RFC 9001, section 4.8).
const noApplicationProtocol = 0x100 + 120

func probeError(err error) error {
	var tr *quic.TransportError
	if errors.As(err, &tr) && tr.ErrorCode == noApplicationProtocol {
		return ErrOtherWire
	}
	var idle *quic.IdleTimeoutError
	var shake *quic.HandshakeTimeoutError
	if errors.As(err, &idle) || errors.As(err, &shake) {
		return errors.New("nothing answers")
	}
	return err
}

// Buffers opens a UDP socket, asks for the buffers that links want and returns what
// the system gave, in bytes.
func Buffers() (receive, send, wanted int, err error) {
	socket, err := net.ListenUDP("udp", nil)
	if err != nil {
		return 0, 0, 0, err
	}
	defer socket.Close()
	if err := errors.Join(socket.SetReadBuffer(udpBuffer), socket.SetWriteBuffer(udpBuffer)); err != nil {
		return 0, 0, 0, err
	}
	receive, send, err = bufferSizes(socket)
	return receive, send, udpBuffer, err
}
