package wire

import "time"

// Stats are a node's counters for benchmarks. They run from the start of the
// process, but for height and transactions, which the disk remembers.
type Stats struct {
	Time time.Time `json:"time"` // of the snapshot

	Height       uint64 `json:"height"`
	Values       uint64 `json:"values"`       // in blocks
	Coins        uint64 `json:"coins"`        // common coins taken
	Transactions uint64 `json:"transactions"` // of the store, each of them synced
	Queued       int64  `json:"queued"`       // bytes of own values in no block

	MessagesIn  uint64  `json:"messages_in"`
	MessagesOut uint64  `json:"messages_out"`
	Wire        Traffic `json:"wire"`    // QUIC packets: everything but UDP and IP
	Control     Traffic `json:"control"` // frames of votes
	Push        Traffic `json:"push"`    // batches to those who need them
	Request     Traffic `json:"request"` // what was pulled

	// A sample: slots of the newest blocks, and the rounds that they took.
	Slots  int `json:"slots"`
	Rounds int `json:"rounds"`

	CPU         int64  `json:"cpu_ns"`      // of the process, user and system
	RSS         int64  `json:"rss"`         // bytes of the process; 0 where the system does not say
	Allocations uint64 `json:"allocations"` // of memory
	Allocated   uint64 `json:"allocated"`   // bytes of these
}

// Traffic of one kind, as units and bytes, with our own framing and, but for Wire,
// without that of QUIC.
type Traffic struct {
	In       uint64 `json:"in"`
	Out      uint64 `json:"out"`
	BytesIn  uint64 `json:"bytes_in"`
	BytesOut uint64 `json:"bytes_out"`
}
