package metrics

import (
	"strconv"
	"time"

	"abad/node"
)

// The log: what this node has committed and what waits for it.
var (
	nodeInfo    = gauge("node_info", "1, with this node's place in the roster.", "node")
	nodes       = gauge("nodes", "Nodes of the roster.")
	needed      = gauge("nodes_needed", "Nodes that have to take part for the log to grow: n-f.")
	height      = gauge("height", "The last block that is durable here.")
	certified   = gauge("certified_height", "The highest block whose certificate is stored here.")
	blocks      = counter("blocks_total", "Blocks committed since the start of the process.")
	values      = counter("values_total", "Values in these blocks.")
	bytesTaken  = counter("committed_bytes_total", "Bytes of the batches that these blocks took.")
	coins       = counter("coins_total", "Common coins taken in agreements that have ended.")
	slots       = counter("slots_total", "Slots of these blocks, by proposer and by what the agreement on them said.", "proposer", "outcome")
	benched     = counter("slots_benched_total", "Slots that began with bias 0 because their proposer had been absent; of epochs that this node voted in.", "proposer")
	blockTime   = gauge("block_timestamp_seconds", "Time of the last block by its header: the median of the proposers' clocks. 0 before the first of this process.")
	committedAt = gauge("block_committed_timestamp_seconds", "When that block was committed here, by this node's clock.")

	submissions = counter("submissions_total", "Values that clients gave to this node, by how they were received.", "outcome")
	ownValues   = gauge("own_values", "Values submitted here that are in no block.")
	ownBytes    = gauge("own_bytes", "Bytes of the values submitted here that are in no block.")
	ownLimit    = gauge("own_limit_bytes", "Bytes of such values from which on submissions are refused as busy.")
	ownOldest   = gauge("own_oldest_seconds", "Age of the oldest value submitted here that is in no block; 0 if none waits.")
	inputs      = gauge("driver_queue_inputs", "Inputs of this node itself that wait for the driver.")
	heldBytes   = gauge("batches_held_bytes", "Bytes of a peer's batches that are here and in no block.", "peer")
	heldLimit   = gauge("batches_held_limit_bytes", "Bytes of such batches from which on a peer's pushes are not read.")
)

func (s scrape) figures(f node.Figures) {
	s.put(nodeInfo, 1, strconv.Itoa(f.Self))
	s.put(nodes, float64(f.Nodes))
	s.put(needed, float64(f.Needed))
	s.count(height, f.Height)
	s.count(certified, f.Certified)
	s.count(blocks, f.Blocks)
	s.count(values, f.Values)
	s.count(bytesTaken, f.Bytes)
	s.count(coins, f.Coins)
	for i, c := range f.Slots {
		proposer := strconv.Itoa(i)
		s.count(slots, c.Accepted, proposer, "accepted")
		s.count(slots, c.Rejected, proposer, "rejected")
		s.count(benched, c.Benched, proposer)
	}
	s.put(blockTime, seconds(f.BlockTime))
	s.put(committedAt, seconds(f.Committed))
	for outcome, count := range f.Submissions {
		s.count(submissions, count, string(outcome))
	}
	s.put(ownValues, float64(f.Own.Values))
	s.put(ownBytes, float64(f.Own.Bytes))
	s.put(ownLimit, float64(f.MaxQueue))
	age := 0.0
	if !f.Own.Oldest.IsZero() {
		age = time.Since(f.Own.Oldest).Seconds()
	}
	s.put(ownOldest, age)
	s.put(inputs, float64(f.Inputs))
	for i, held := range f.Held {
		if i != f.Self {
			s.put(heldBytes, float64(held), strconv.Itoa(i))
		}
	}
	s.put(heldLimit, float64(f.HeldLimit))
}
