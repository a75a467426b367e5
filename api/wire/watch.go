package wire

import (
	"time"

	"abad/bft"
)

// Epochs are the epochs under way, as one node sees them.
type Epochs struct {
	Height uint64      `json:"height"` // the last block
	Open   []EpochView `json:"open"`   // in order
	// Last is the last epoch that became a block since the process started, as it
	// stood then.
	Last *EpochView `json:"last,omitempty"`
	// What the counts are worth in this roster.
	Thresholds Thresholds `json:"thresholds"`
}

// Thresholds are how many votes do what.
type Thresholds struct {
	Echo    int `json:"echo"`    // ECHO for one header make a node send READY
	Deliver int `json:"deliver"` // READY accept the header
	Wait    int `json:"wait"`    // AUX end a round: n-f
}

// EpochView is an epoch as one node sees it.
type EpochView struct {
	Epoch uint64  `json:"epoch"`
	For   float64 `json:"for_ms"` // since it was opened here; of a block, until it was on disk; 0: not opened here
	Slots []Slot  `json:"slots"`  // in roster order
}

// Slot is one proposer's header in one epoch: its broadcast and the agreement on it.
type Slot struct {
	Val      bool     `json:"val"`   // the header is here
	Echo     []bft.ID `json:"echo"`  // whose ECHO was heard
	Ready    []bft.ID `json:"ready"` // whose READY was heard
	Aux      []bft.ID `json:"aux"`   // whose AUX was heard, in the newest round that has any; forgotten when all have decided
	AuxRound int      `json:"aux_round"`
	Rounds   int      `json:"rounds"` // entered here
	Coins    int      `json:"coins"`
	Benched  bool     `json:"benched"`  // expected out
	Rejected bool     `json:"rejected"` // this node voted it out
	Decided  bool     `json:"decided"`
	Accepted bool     `json:"accepted"` // if decided: in the block
}

// Activity is what has happened lately at one node.
type Activity struct {
	Time      time.Time   `json:"time"`
	Blocks    []BlockNote `json:"blocks"`    // the newest, at most 128, in order
	Seconds   []Second    `json:"seconds"`   // of the last 120; those without a block are left out
	Proposers []Proposer  `json:"proposers"` // over these blocks, in roster order
}

// BlockNote is a block in short.
type BlockNote struct {
	Height   uint64   `json:"height"`
	Time     uint64   `json:"time"`    // Unix milliseconds, the block's own
	Took     float64  `json:"took_ms"` // from opening the epoch here to the block on disk; 0: it came from peers or from an earlier process
	Values   uint64   `json:"values"`
	Accepted []bft.ID `json:"accepted"`
}

// Second counts the blocks that became durable at this node within a second.
type Second struct {
	Second int64   `json:"second"` // Unix time
	Blocks int     `json:"blocks"`
	Values uint64  `json:"values"`
	Mean   float64 `json:"mean_ms"` // of the times of those blocks that were opened here; 0: none
	Most   float64 `json:"most_ms"`
}

// Proposer says how many of the newest blocks have a node's header.
type Proposer struct {
	Node     bft.ID `json:"node"`
	Accepted int    `json:"accepted"`
	Blocks   int    `json:"blocks"` // looked at
}

// Links say who sees whom: the answer of every node that could be asked.
type Links struct {
	Views []View `json:"views"` // in roster order
}

// View is what one node says of its links. What a peer says is its word alone.
type View struct {
	Node  bft.ID `json:"node"`
	Error string `json:"error,omitempty"` // why there is no answer; then links is empty
	Links []Link `json:"links"`           // in roster order; the one to itself means nothing
}

// Link is one node's end of the link to another.
type Link struct {
	Up     bool    `json:"up"`
	RTT    float64 `json:"rtt_ms"`
	Faults uint64  `json:"faults"` // messages of the other that no correct node sends
}

// Check is what came of checking a value's proof on the node.
type Check struct {
	Entry
	Valid  bool     `json:"valid"`
	Error  string   `json:"error,omitempty"` // why it is not valid
	Key    string   `json:"key"`             // the cluster's public key that it was checked with, in hexadecimal
	Hash   bft.Hash `json:"hash"`            // of the block's header, what the certificate signs
	Batch  bft.Hash `json:"batch"`           // BLAKE3-256 of the batch that has the value
	Record uint32   `json:"record"`          // place of the value in the batch
	Path   int      `json:"path"`            // hashes from the batch to the header's root
	Bytes  int      `json:"bytes"`           // size of the proof
}
