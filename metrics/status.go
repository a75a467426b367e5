package metrics

import (
	"strconv"

	"abad/node"
)

// What only the driver knows.
var (
	driverAnswers = gauge("driver_answers", "Whether the driver, which handles all messages, answered this scrape; if it did not, the metrics that only it knows are missing.")
	ready         = gauge("ready", "Whether this node can decide: it has caught up, keeps no silence and sees enough nodes.")
	nodesSeen     = gauge("nodes_seen", "Nodes that this node has a link to, itself included.")
	behind        = gauge("behind_blocks", "Blocks that peers have certified and this node lacks.")
	catchUpLeft   = gauge("catch_up_left_seconds", "How long the catch-up will take at its speed so far; 0 if there is none, or nobody knows.")
	silent        = gauge("silent_epochs", "Epochs that this node leaves to the others because its store was lost.")
	openEpochs    = gauge("open_epochs", "Epochs that this node has proposed in and not committed.")
	batchesHeld   = gauge("batches_held", "Batches that are here and in no block.")
	orphans       = gauge("batches_orphaned", "Batches of other makers that blocks passed by, so that this node lists them too.")
	peerHeight    = gauge("peer_height", "The last block of a peer, as it said.", "peer")
	peerCertified = gauge("peer_certified_height", "The highest block up to which a peer has all certificates, as it said.", "peer")
)

func (s scrape) status(st node.Status) {
	s.put(ready, truth(st.Ready))
	seen := 1
	for _, p := range st.Peers {
		if p.Up {
			seen++
		}
		peer := strconv.Itoa(int(p.Node))
		s.count(peerHeight, p.Height, peer)
		s.count(peerCertified, p.Certified, peer)
	}
	s.put(nodesSeen, float64(seen))
	s.count(behind, st.Behind)
	s.put(catchUpLeft, st.Left.Seconds())
	muted := uint64(0)
	if st.Silent > st.Height {
		muted = st.Silent - st.Height
	}
	s.count(silent, muted)
	s.put(openEpochs, float64(len(st.Open)))
	s.put(batchesHeld, float64(st.Waiting))
	s.put(orphans, float64(st.Orphans))
}
