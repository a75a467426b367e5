package node

import (
	"time"

	"abad/net"
	"abad/store"
)

// Figures is a snapshot for metrics of what needs no word of the driver, so that it
// can be had of a node that is stuck. Counters run from the start of the process.
type Figures struct {
	Nodes, Needed int // of the roster, and those that must take part: n-f
	Self          int

	Height    uint64 // the last block that is durable, or certain
	Certified uint64 // as stored
	Blocks    uint64 // committed
	Values    uint64
	Bytes     uint64 // of the batches that blocks took
	Coins     uint64
	Slots     []SlotCounts // per proposer
	BlockTime time.Time    // the last block's, by its header; zero: none was committed yet
	Committed time.Time    // when it was committed, by this node's clock

	Submissions map[Outcome]uint64
	Own         Own
	Held        []int64 // bytes of each peer's batches that are in no block
	HeldLimit   int64   // from which on a peer is not read from
	Inputs      int     // waiting for the driver, besides what is in Net

	Faults   []map[FaultKind]uint64 // per peer, every kind
	Net      net.Stats
	Disk     store.Usage
	Synced   uint64 // transactions on disk since the store was made
	Started  time.Time
	MaxQueue int64 // bytes of own values from which on submissions are refused
}

// Own is what waits of our own clients' values.
type Own struct {
	Values int
	Bytes  int64
	Oldest time.Time // when the oldest of them was submitted; zero: none waits
}

// Figures takes a snapshot. The error is the file system's.
func (n *Node) Figures() (Figures, error) {
	d := n.driver
	f := Figures{
		Nodes: n.quorum.All(), Needed: n.quorum.Wait(), Self: int(n.config.Self),
		Height: d.height.Load(), Certified: n.store.Certified(), Blocks: d.tally.blocks.Load(),
		Values: d.values.Load(), Bytes: n.store.CommittedBytes(), Coins: d.coins.Load(), Slots: d.tally.slots(),
		Submissions: n.batcher.outcomes(), Own: n.batcher.own(),
		Held: d.intake.held(), HeldLimit: n.config.Limits.Backlog, Inputs: len(d.inputs) + len(d.votes),
		Faults: d.faults.kinds(), Net: n.transport.Stats(), Synced: n.store.Transactions(),
		Started: n.started, MaxQueue: n.batcher.limit(),
	}
	if at := d.tally.committed.Load(); at != 0 {
		f.BlockTime, f.Committed = time.UnixMilli(d.tally.blockTime.Load()), time.UnixMilli(at)
	}
	var err error
	f.Disk, err = n.store.Usage()
	return f, err
}
