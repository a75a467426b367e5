package net

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"io"
	"log/slog"
	"net"
	"time"

	"abad/bft"
)

// Config says who this node is, who its peers are and what serves them.
type Config struct {
	Self    bft.ID             // index of this node in Peers
	Key     ed25519.PrivateKey // this node's key; its public half is Peers[Self].Key
	Peers   []Peer             // the roster in its order, this node included
	Cluster bft.Hash           // peers of another cluster are refused
	Era     uint64             // peers of another era are refused
	Window  uint64             // epochs that may be open at once, the K of the protocol; 0: 4

	Listen string         // UDP address to bind; "": Peers[Self].Addr
	Conn   net.PacketConn // an open socket instead of Listen; Run closes it
	// Wrap, where set, stands between QUIC and the socket: tests delay and lose
	// packets there.
	Wrap func(net.PacketConn) net.PacketConn

	// OnPush receives one push, on a goroutine of its own: size bytes are to be
	// read from body. While it does not read, the peer cannot go on sending; it
	// runs for at most 4 pushes of a peer at once. A body that is cut short reads
	// as an error. It must return when ctx ends. An error tells the peer to stop.
	OnPush func(ctx context.Context, from bft.ID, head []byte, size int64, body io.Reader) error
	// OnRequest answers one request, on a goroutine of its own: at most 16 of a
	// peer at once. It must return when ctx ends. An error goes to the peer
	// as the first 200 bytes of its text.
	OnRequest func(ctx context.Context, from bft.ID, kind byte, body []byte) ([]byte, error)

	Limits Limits
	Timing Timing
	Log    *slog.Logger // nil: discard
}

// Peer is one node of the roster.
type Peer struct {
	Key  ed25519.PublicKey
	Addr string // host:port; a name is resolved at every dial
}

// Limits bound what peers can cost. The zero value works.
type Limits struct {
	// MaxBody is the most bytes of a push or of an answer; 0: 8 MiB, the
	// largest batch.
	MaxBody int64
	// InboxFrames and InboxBytes bound the frames of one peer that wait for the
	// driver: a peer that is ahead of us must not fill our memory. 0: 256 and
	// 8 MiB, two frames of the largest size.
	InboxFrames int
	InboxBytes  int
	// PushQueue bounds the pushes that wait for one peer; an entry is small, and
	// what is over the bound is pulled later. 0: 128.
	PushQueue int
}

// Timing holds the hints. The zero value works, and so does any other: nothing
// here is needed for safety or liveness.
type Timing struct {
	// BackoffMin and BackoffMax bound the pause before a dial is repeated, which
	// doubles from the one to the other, less up to half of it by chance so that
	// peers do not dial in step. 0: 50 ms and 5 s.
	BackoffMin time.Duration
	BackoffMax time.Duration
	// KeepAlive is how often an idle connection says something. It notices a
	// peer that restarted (whose answer is a stateless reset) within that
	// time, and keeps middleboxes from forgetting the flow, for which 30 s would do
	// (RFC 9000, section 10.1.2). 0: 5 s.
	KeepAlive time.Duration
	// IdleTimeout is how long a silent connection lives: three lost
	// keep-alives in a row. Below 5 s QUIC peers may not agree. 0: 15 s.
	IdleTimeout time.Duration
	// Silence is how long a peer may leave what it was told without an answer until
	// the driver hears of it. At least three round trips, whatever this says. 0: 1 s.
	Silence time.Duration
	// Handshake is how long a peer may be silent while a connection is made, and
	// how long it may take for its HELLO. A dial to a peer that is down takes that
	// long; starting over sends the first packets at a quick pace again. 0: 3 s.
	Handshake time.Duration
	// Answer is how long a peer has for its answer to a request, and a second longer for
	// each 64 KiB of it that are here. 0: 5 s.
	Answer time.Duration
}

func (c Config) withDefaults() Config {
	setDefault(&c.Window, 4)
	setDefault(&c.Limits.MaxBody, 8<<20)
	setDefault(&c.Limits.InboxFrames, 256)
	setDefault(&c.Limits.InboxBytes, 2*maxFrame)
	setDefault(&c.Limits.PushQueue, 128)
	setDefault(&c.Timing.BackoffMin, 50*time.Millisecond)
	setDefault(&c.Timing.BackoffMax, 5*time.Second)
	setDefault(&c.Timing.KeepAlive, 5*time.Second)
	setDefault(&c.Timing.IdleTimeout, 15*time.Second)
	setDefault(&c.Timing.Silence, time.Second)
	setDefault(&c.Timing.Handshake, 3*time.Second)
	setDefault(&c.Timing.Answer, 5*time.Second)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Listen == "" && c.Conn == nil {
		c.Listen = c.Peers[c.Self].Addr
	}
	return c
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

func (c Config) validate() error {
	if err := c.validateRoster(); err != nil {
		return err
	}
	for _, f := range []struct {
		name string
		bad  bool
		why  string
	}{
		{"Limits.MaxBody", c.Limits.MaxBody < 0 || c.Limits.MaxBody > maxBodyLimit, "must be from 1 byte to 1 GiB"},
		{"Limits.InboxFrames", c.Limits.InboxFrames < 0, "is negative"},
		{"Limits.InboxBytes", c.Limits.InboxBytes < 0, "is negative"},
		{"Limits.PushQueue", c.Limits.PushQueue < 0, "is negative"},
		{"Timing.BackoffMin", c.Timing.BackoffMin < 0, "is negative"},
		{"Timing.BackoffMax", c.Timing.BackoffMax < 0, "is negative"},
		{"Timing.KeepAlive", c.Timing.KeepAlive < 0, "is negative"},
		{"Timing.Silence", c.Timing.Silence < 0, "is negative"},
		{"Timing.IdleTimeout", c.Timing.IdleTimeout < 0, "is negative"},
		{"Timing.Handshake", c.Timing.Handshake < 0, "is negative"},
		{"Timing.Answer", c.Timing.Answer < 0, "is negative"},
	} {
		if f.bad {
			return fieldError(f.name, "%s", f.why)
		}
	}
	return nil
}

func (c Config) validateRoster() error {
	q, err := bft.NewQuorum(len(c.Peers))
	if err != nil {
		return fieldError("Peers", "%w", err)
	}
	if !q.Valid(c.Self) {
		return fieldError("Self", "node %d is not in a roster of %d", c.Self, len(c.Peers))
	}
	if len(c.Key) != ed25519.PrivateKeySize {
		return fieldError("Key", "an Ed25519 private key has %d bytes, not %d", ed25519.PrivateKeySize, len(c.Key))
	}
	if c.Conn == nil && c.Listen == "" && c.Peers[c.Self].Addr == "" {
		return fieldError("Listen", "no address, and none in Peers[Self].Addr")
	}
	if err := c.validatePeers(); err != nil {
		return err
	}
	if !c.Peers[c.Self].Key.Equal(c.Key.Public()) {
		return fieldError("Key", "is not the key of Peers[%d], which is this node", c.Self)
	}
	return nil
}

func (c Config) validatePeers() error {
	owner := make(map[string]int)
	for i, p := range c.Peers {
		field := fmt.Sprintf("Peers[%d].Key", i)
		if len(p.Key) != ed25519.PublicKeySize {
			return fieldError(field, "an Ed25519 public key has %d bytes, not %d", ed25519.PublicKeySize, len(p.Key))
		}
		if j, taken := owner[string(p.Key)]; taken {
			return fieldError(field, "is also the key of Peers[%d]", j)
		}
		owner[string(p.Key)] = i
		// Only the lower nodes are dialled; the others may be behind a NAT.
		if i < int(c.Self) {
			if _, _, err := net.SplitHostPort(p.Addr); err != nil {
				return fieldError(fmt.Sprintf("Peers[%d].Addr", i), "%w", err)
			}
		}
	}
	return nil
}

func fieldError(field, format string, args ...any) error {
	return fmt.Errorf("net config: "+field+": "+format, args...)
}
