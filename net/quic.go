package net

import (
	"github.com/quic-go/quic-go"
)

// Streams and windows of one connection.
//
// A receive window is what a peer may send before it is read: the memory that a
// peer can take without our consent, and the most that can be on the way in one
// round trip. A stream moves at most streamWindow per round trip: 7 MB/s at
// 300 ms, four pushes 28 MB/s, a connection 56 MB/s, which is where
// quic-go's congestion window ends too (10,000 packets). A LAN is far below.
//
// The connection window is shared, so streams that nobody reads could use it up
// and stop the votes. They cannot: what may stay unread is
//
//	pushes that OnPush does not read    pushStreams * streamWindow  =  8 MiB
//	frames that wait for the driver     1 * streamWindow            =  2 MiB
//	requests                            requestStreams * maxRequest =  1 MiB
//
// which is 11 of 16 MiB. Answers do not count: a requester reads what it gets
// or cancels. The windows do not grow: quic-go grows the window of a stream
// without regard to how many streams there are, and the sum above must hold.
const (
	streamWindow     = 2 << 20
	connectionWindow = 16 << 20

	// pushStreams is enough to hide the time to load a body and few enough to
	// keep the sum; requestStreams is what a peer may have us serve at once.
	pushStreams    = 4
	requestStreams = 16

	unreadAtMost = pushStreams*streamWindow + streamWindow + requestStreams*maxRequest
)

// The spare is what requests and answers in motion live on.
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
		// A stream counts until its handler has returned. Without this a peer
		// could reset streams faster than handlers end, and pile them up.
		RequireStreamCreditRelease: true,
		Allow0RTT:                  false, // early data can be replayed
	}
}
