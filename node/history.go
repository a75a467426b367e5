package node

import (
	"slices"
	"sync"
	"time"

	"abad/acs"
	"abad/bft"
	"abad/ledger"
)

const (
	// historyBlocks is how many of the newest blocks are remembered in short, for
	// who looks on: some seconds of a busy cluster, and enough to see a proposer that
	// is left out now and then.
	historyBlocks = 128
	// historySeconds is how far back the counts per second go.
	historySeconds = 120
)

// Activity is what has happened lately at this node.
type Activity struct {
	Now     time.Time
	Nodes   int         // of the roster
	Blocks  []BlockNote // the newest, at most 128, in order
	Seconds []Second    // of the last 120; those without a block are left out
}

// BlockNote is a block in short.
type BlockNote struct {
	Height   uint64
	Time     uint64    // Unix milliseconds, the block's own
	Durable  time.Time // here, or certain; zero where an earlier process had it
	Took     time.Duration
	Values   uint64
	Accepted []bft.ID
}

// Second counts blocks that have become durable or certain here within one second.
type Second struct {
	Unix   int64
	Blocks int
	Values uint64
	// Timed are those blocks whose epoch was opened here, the others came from
	// peers; Took is the sum of their times from opening to disk, Most the longest.
	Timed      int
	Took, Most time.Duration
}

// EpochView is an epoch as this node sees it.
type EpochView struct {
	Epoch uint64
	For   time.Duration // since this node opened it; of a block, until it was on disk
	Slots []acs.Slot
}

// history remembers what the driver has done, for who looks on.
type history struct {
	mu      sync.Mutex
	blocks  []BlockNote
	seconds [historySeconds]Second
	last    EpochView // the last epoch committed, as it was then
}

// restored takes in a block of an earlier process.
func (h *history) restored(b *ledger.Block) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.add(noteOf(b))
}

// committed takes in a block that is durable or certain since now, and its epoch.
func (h *history) committed(b *ledger.Block, now time.Time, view EpochView) {
	h.mu.Lock()
	defer h.mu.Unlock()
	note := noteOf(b)
	note.Durable, note.Took = now, view.For
	h.add(note)
	if view.Slots != nil {
		h.last = view
	}
	s := &h.seconds[now.Unix()%historySeconds]
	if s.Unix != now.Unix() {
		*s = Second{Unix: now.Unix()}
	}
	s.Blocks++
	s.Values += note.Values
	if note.Took > 0 {
		s.Timed++
		s.Took += note.Took
		s.Most = max(s.Most, note.Took)
	}
}

func noteOf(b *ledger.Block) BlockNote {
	return BlockNote{Height: b.Header.Epoch, Time: b.Header.Time, Values: b.Header.Values, Accepted: b.Header.Accepted}
}

func (h *history) add(note BlockNote) {
	if len(h.blocks) == historyBlocks {
		h.blocks = slices.Delete(h.blocks, 0, 1)
	}
	h.blocks = append(h.blocks, note)
}

func (h *history) activity(now time.Time) Activity {
	h.mu.Lock()
	defer h.mu.Unlock()
	a := Activity{Now: now, Blocks: slices.Clone(h.blocks)}
	for unix := now.Unix() - historySeconds + 1; unix <= now.Unix(); unix++ {
		if s := h.seconds[unix%historySeconds]; s.Unix == unix && s.Blocks > 0 {
			a.Seconds = append(a.Seconds, s)
		}
	}
	return a
}

func (h *history) lastEpoch() EpochView {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.last
}

// Activity tells what has happened lately. It costs the driver nothing.
func (n *Node) Activity() Activity {
	a := n.driver.history.activity(time.Now())
	a.Nodes = n.quorum.All()
	return a
}
