package net

import (
	"github.com/quic-go/quic-go"
)

// Streams and windows of one connection.
//
// A receive window is what a peer may send before it is read: the memory that a
// peer can take without our consent, and the most that can be on the way in one
// round trip. At 300 ms a stream moves 3.5 MB/s, so the four pushes that are
// handled at once 14 MB/s; pushes that fit one window need no more than their
// stream, and twelve of them move 40 MB/s. A connection moves 56 MB/s, which is
// about where quic-go's congestion window ends too (10,000 packets). A LAN needs
// far less.
//
// The connection window is shared, so streams that nobody reads could use it up
// and stop the votes. They cannot: what may stay unread is
//
//	pushes that OnPush does not read    pushStreams * streamWindow  =  12 MiB
//	frames that wait for the driver     1 * streamWindow            =   1 MiB
//	requests                            requestStreams * maxRequest =   1 MiB
//
// which is 14 of 16 MiB. Answers do not count: a requester reads what it gets
// or cancels. The windows do not grow: quic-go grows the window of a stream
// without regard to how many streams there are, and the sum above must hold.
const (
	streamWindow     = 1 << 20
	connectionWindow = 16 << 20

	// pushStreams is how many pushes may be on their way: a stream is used again
	// one round trip after its push was taken, so small batches need many.
	pushStreams = 12
	// pushHandlers is how many of them are handled at once, and how many are sent
	// at once: enough to hide the time to load or store a body. Each holds one
	// in memory.
	pushHandlers = 4
	// requestStreams is what a peer may have us serve at once: a stream counts
	// until the server has seen its end, so also if the peer cancels it.
	requestStreams = 16

	unreadAtMost = pushStreams*streamWindow + streamWindow + requestStreams*maxRequest
)

// The spare is what answers in motion live on. The line does not compile where
// there is none.
const _ = uint(connectionWindow - unreadAtMost - 2*streamWindow)

// Urgencies of RFC 9218: lower goes first. Votes are small and everybody waits
// for them; a pulled batch holds up a vote; a pushed batch holds up nobody.
const (
	urgencyControl = 0
	urgencyRequest = 2
	urgencyPush    = 5
)

// connectionIDLength makes collisions and guesses negligible.
const connectionIDLength = 8

func quicConfig(t Timing) *quic.Config {
	return &quic.Config{
		Versions:                       []quic.Version{quic.Version1},
		HandshakeIdleTimeout:           t.Handshake,
		MaxIdleTimeout:                 t.IdleTimeout,
		KeepAlivePeriod:                t.KeepAlive,
		InitialStreamReceiveWindow:     streamWindow,
		MaxStreamReceiveWindow:         streamWindow,
		InitialConnectionReceiveWindow: connectionWindow,
		MaxConnectionReceiveWindow:     connectionWindow,
		MaxIncomingStreams:             requestStreams + 1, // the control stream is one
		MaxIncomingUniStreams:          pushStreams,
		Allow0RTT:                      false, // early data can be replayed
	}
}
