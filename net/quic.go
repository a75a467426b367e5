package net

import (
	"github.com/quic-go/quic-go"
)

// Streams and windows of one connection.
//
// A receive window is what a peer may send before it is read: the memory that a
// peer can take without our consent, and the most that can be on the way in one
// round trip. A batch of the usual size fits the window that a stream begins with,
// so that it takes one trip, and forty of them move 35 MB/s at 300 ms; quic-go's
// congestion window ends at about 45 (10,000 packets), the connection's at 56. A
// stream that is read grows its window, so that a larger batch takes few trips.
//
// The connection window is shared, so streams that nobody reads could use it up
// and stop the votes. They cannot: what may stay unread is
//
//	pushes that OnPush does not read    pushStreams * streamWindow  =  11 MiB
//	frames that wait for the driver     1 * maxStreamWindow         =   1 MiB
//	requests                            requestStreams * maxRequest =   2 MiB
//
// which is 14 of 16 MiB. Answers do not count: a requester reads what it gets
// or cancels. Nor does the growth: only a stream that is read has it, and OnPush
// reads what it has begun to read to its end.
const (
	streamWindow     = 272 << 10
	maxStreamWindow  = 1 << 20
	connectionWindow = 16 << 20

	// pushStreams is how many pushes may be on their way: a stream is used again
	// one round trip after its push was taken.
	pushStreams = 40
	// pushHandlers is how many of them are handled at once, and how many are sent
	// at once: enough to hide the time to load or store a body. Each holds one
	// in memory.
	pushHandlers = 4
	// requestStreams is what a peer may have us serve at once: a stream counts
	// until the server has seen its end, so also if the peer cancels it.
	requestStreams = 32

	unreadAtMost = pushStreams*streamWindow + maxStreamWindow + requestStreams*maxRequest
)

// The spare is what answers in motion live on. The line does not compile where
// there is none.
const _ = uint(connectionWindow - unreadAtMost - 2*maxStreamWindow)

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
		MaxStreamReceiveWindow:         maxStreamWindow,
		InitialConnectionReceiveWindow: connectionWindow,
		MaxConnectionReceiveWindow:     connectionWindow,
		MaxIncomingStreams:             requestStreams + 1, // the control stream is one
		MaxIncomingUniStreams:          pushStreams,
		Allow0RTT:                      false, // early data can be replayed
	}
}
