package node

import (
	"crypto/ed25519"
	"errors"
	"log/slog"
	stdnet "net"
	"time"

	"abad/batch"
	"abad/bft"
	"abad/coin"
	"abad/net"
	"abad/store"
)

// Config says who this node is. Zero limits mean the defaults in the comments.
type Config struct {
	Self    bft.ID
	Cluster bft.Hash
	Era     uint64
	Roster  bft.Hash // hash of the roster, part of every block
	Epochs  int      // K, epochs open at once; 4

	NodeKey ed25519.PrivateKey
	CoinKey *coin.Key
	Peers   []net.Peer // in roster order, this node included
	Listen  string     // UDP address for peers

	Dir string // of the store
	// First says that this node has never run. Otherwise an empty store means that
	// its memory was lost.
	First bool

	// Retain is how many blocks keep their payload; 0: all. What some node of the
	// roster may still come for is kept beyond that, unless PruneAnyway.
	Retain      uint64
	PruneAnyway bool

	Limits Limits
	Meters Meters
	Log    *slog.Logger
	// Wrap stands between QUIC and the socket, for tests of delay and loss.
	Wrap func(stdnet.PacketConn) stdnet.PacketConn
	// Forgetful keeps no journal and syncs nothing: only to measure what those cost.
	// A forgetful node that crashes is a faulty node.
	Forgetful bool

	hooks hooks
}

// hooks are for tests of faults. The zero value is a real node.
type hooks struct {
	disk   store.Options    // Identity and Log are the node's own
	timing net.Timing       // of the links
	now    func() time.Time // the clock; nil: time.Now
	after  time.Duration    // 0: lookAfter
	grace  time.Duration    // 0: failedGrace
}

// Limits of a node.
type Limits struct {
	// MaxValue is the largest payload of a value in bytes; 1 MiB.
	MaxValue int
	// BatchTarget is the size in bytes at which a batch is sealed at the latest;
	// 1 MiB.
	BatchTarget int
	// Backlog is how many bytes of one maker's batches may be held without being
	// in a block; 64 MiB. Our own clients are told to slow down before that.
	Backlog int64
}

const defaultBatch = 1 << 20

func (l Limits) withDefaults() Limits {
	if l.MaxValue == 0 {
		l.MaxValue = batch.MaxValue
	}
	if l.BatchTarget == 0 {
		l.BatchTarget = defaultBatch
	}
	if l.Backlog == 0 {
		l.Backlog = 64 << 20
	}
	return l
}

// Receipt says where in the log a value is.
type Receipt struct {
	Block uint64        // height
	Index uint64        // among the block's values, from 0
	Ahead bool          // this node does not have the block yet, f+1 others do
	Took  time.Duration // from the submission to the block; 0 from a look-up
}

// Errors of a submission.
var (
	// ErrEmpty: a value has at least one byte.
	ErrEmpty = errors.New("the value is empty")
	// ErrTooLarge: over [Limits.MaxValue].
	ErrTooLarge = errors.New("the value is too large")
	// ErrBusy: more values wait than this node may hold; try again in a second.
	ErrBusy = errors.New("too many values are waiting")
	// ErrTaken: the log has another value under this id.
	ErrTaken = errors.New("the id belongs to another value")
	// ErrStopped: the node is stopping or has failed. The value may still come out.
	ErrStopped = errors.New("the node has stopped")
	// ErrNotFound: no such block yet.
	ErrNotFound = errors.New("no such block")
)

// Status is what a node tells about itself.
type Status struct {
	Node      bft.ID
	Nodes     int
	Faulty    int // f
	Cluster   bft.Hash
	Era       uint64
	Height    uint64 // the last block
	Hash      bft.Hash
	Certified uint64        // blocks up to here have their certificates
	Ready     bool          // not behind, and links to enough peers to decide
	Checks    []Check       // what Ready is made of
	Silent    uint64        // epochs up to here are left to the others, after a loss of the store; 0: none
	Behind    uint64        // blocks that peers have certified and this node lacks
	Left      time.Duration // until it has caught up, by the speed so far; 0: not behind, or not known yet
	Open      []OpenEpoch
	Waiting   int    // batches held that are in no block
	Orphans   int    // of these, other makers' that blocks pass by
	Queued    int64  // bytes of own values that are in no block
	Values    uint64 // values in blocks since the start of this process
	Coins     uint64 // common coins taken since the start of this process
	Peers     []PeerStatus
	Started   time.Time
}

// OpenEpoch is an epoch under way.
type OpenEpoch struct {
	Epoch   uint64
	Decided int // slots
}

// PeerStatus is what a node knows of a peer; the node itself is not among them.
type PeerStatus struct {
	Node      bft.ID
	Addr      string
	Up        bool
	Height    uint64 // as it last said
	Certified uint64
	RTT       time.Duration
	Faults    uint64 // messages of this peer that no correct node sends
	LastError string // why the link is down
}
