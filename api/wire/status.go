package wire

import (
	"time"

	"abad/bft"
)

// Status is what a node tells about itself.
type Status struct {
	Node      bft.ID   `json:"node"`
	Height    uint64   `json:"height"` // the last block
	Hash      bft.Hash `json:"hash"`   // its hash; zero before the first
	Ready     bool     `json:"ready"`  // not behind, and links to enough peers to decide
	Peers     []Peer   `json:"peers"`  // in roster order, without the node itself
	Nodes     int      `json:"nodes"`
	Faulty    int      `json:"faulty"` // how many the cluster survives
	Cluster   bft.Hash `json:"cluster"`
	Era       uint64   `json:"era"`
	Certified uint64   `json:"certified"` // blocks up to here have their certificates
	Silent    uint64   `json:"silent"`    // after a loss of the store: epochs up to here are left to the others; else 0
	Behind    uint64   `json:"behind"`    // blocks that peers have certified and this node lacks
	Open      []Epoch  `json:"open"`      // epochs under way
	Waiting   int      `json:"waiting"`   // batches held that are in no block
	Queued    int64    `json:"queued"`    // bytes of own values that are in no block
	Values    uint64   `json:"values"`    // in blocks since the process started
	Coins     uint64   `json:"coins"`     // common coins taken since the process started
	MaxValue  int      `json:"max_value"` // bytes of the largest payload that this node takes

	Started time.Time `json:"started"`
}

// Epoch is an epoch under way.
type Epoch struct {
	Epoch   uint64 `json:"epoch"`
	Decided int    `json:"decided"` // slots
}

// Peer is what a node knows of another.
type Peer struct {
	Node      bft.ID  `json:"node"`
	Up        bool    `json:"up"`
	Height    uint64  `json:"height"` // as it last said
	Certified uint64  `json:"certified"`
	Addr      string  `json:"addr"`
	RTT       float64 `json:"rtt_ms"`
	Faults    uint64  `json:"faults"`          // messages of this peer that no correct node sends
	Error     string  `json:"error,omitempty"` // why the link is down
}
