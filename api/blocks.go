package api

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"
	"unsafe"

	"abad/api/wire"
	"abad/batch"
)

const (
	// keptBlocks and keptBytes bound the blocks that stay in memory for the next
	// reader: streams all read the newest ones, many that start at one place read the
	// same ones after each other, and a page in the middle of a large block should not
	// cost the whole block again. A block without values takes 100 bytes here.
	keptBlocks = 1024
	keptBytes  = 64 << 20
	// scanned bounds how many blocks one walk looks at, since blocks may be empty.
	scanned = 1024
)

// blocks reads the values of the log for all readers.
type blocks struct {
	node  Node
	slots chan struct{}

	// crowded reports whether so many read that they have to leave time to the node.
	crowded func() bool

	mu   sync.Mutex
	kept map[uint64]*loaded
	size int    // of what is kept and loaded
	uses uint64 // of kept, so far
}

// loaded is a block's values, or will be when ready is closed.
type loaded struct {
	height uint64
	ready  chan struct{}
	values []batch.Value
	size   int
	err    error
	done   bool   // guarded by blocks.mu
	used   uint64 // likewise: blocks.uses when it was used last
}

// valueOverhead is what a value takes in memory beside its payload.
const valueOverhead = int(unsafe.Sizeof(batch.Value{}))

// errLoad is a block's error until it is loaded; it stays if the node panics.
var errLoad = errors.New("the block was not read to its end")

// readSlots is how many readers may hold a block at a time, which comes from the store
// as a whole and may have many megabytes. Half the processors: readers that all want
// pages at once must not keep the node from its votes.
func readSlots() int { return max(1, runtime.GOMAXPROCS(0)/2) }

// idlePart is how much longer a slot stays taken than it was used while readers crowd:
// all of them together then use an eighth of the processors, however much a hostile
// one makes the store do.
const idlePart = 3

func newBlocks(node Node, crowded func() bool) *blocks {
	return &blocks{node: node, slots: make(chan struct{}, readSlots()), crowded: crowded, kept: map[uint64]*loaded{}}
}

// release gives a slot back, later if others should have the processor first.
func (b *blocks) release(began time.Time) {
	if !b.crowded() {
		<-b.slots
		return
	}
	time.AfterFunc(idlePart*time.Since(began), func() { <-b.slots })
}

// walk shows take the values from pos on, in order, until it returns false, the log
// ends, or enough blocks were looked at. It returns where to go on: the position
// of the value that take refused, or the one after the last. What take gets is
// valid only during the call.
func (b *blocks) walk(ctx context.Context, pos wire.Position, take func(wire.Entry) bool) (wire.Position, error) {
	if pos.Block == 0 {
		pos = wire.Position{Block: 1} // there is no block 0: the first one continues the zero hash
	}
	select {
	case b.slots <- struct{}{}:
	case <-ctx.Done():
		return pos, context.Cause(ctx)
	}
	defer b.release(time.Now())
	height, start := b.node.Height(), pos
	for range scanned {
		if pos.Block > height {
			return pos, nil
		}
		if ctx.Err() != nil {
			return pos, context.Cause(ctx)
		}
		values, err := b.values(pos.Block)
		if err != nil && pos != start {
			return pos, nil // what was taken is good; the error comes again at the next walk
		}
		if err != nil {
			return pos, err
		}
		for ; pos.Index < uint64(len(values)); pos.Index++ {
			v := values[pos.Index]
			if !take(wire.Entry{Block: pos.Block, Index: pos.Index, ID: v.ID, Value: v.Payload}) {
				return pos, nil
			}
		}
		pos = wire.Position{Block: pos.Block + 1}
	}
	return pos, nil
}

// values gives a block's values, which one reader loads for all that want them.
func (b *blocks) values(height uint64) ([]batch.Value, error) {
	l, mine := b.find(height)
	if mine {
		b.load(l)
	}
	<-l.ready
	return l.values, l.err
}

// find returns the block's entry, and whether the caller is to load it.
func (b *blocks) find(height uint64) (l *loaded, mine bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.uses++
	if l, ok := b.kept[height]; ok {
		l.used = b.uses
		return l, false
	}
	l = &loaded{height: height, ready: make(chan struct{}), err: errLoad, used: b.uses}
	b.kept[height] = l
	return l, true
}

func (b *blocks) load(l *loaded) {
	defer b.settle(l)
	defer close(l.ready)
	l.values, l.err = b.node.Values(l.height)
	for _, v := range l.values {
		l.size += len(v.Payload) + valueOverhead
	}
}

// settle forgets what could not be loaded, and the blocks that were not used for
// longest over the bounds. This one stays however large it is: its reader comes back
// for the next piece.
func (b *blocks) settle(l *loaded) {
	b.mu.Lock()
	defer b.mu.Unlock()
	l.done = true
	if l.err != nil {
		delete(b.kept, l.height)
		return
	}
	b.size += l.size
	for len(b.kept) > keptBlocks || b.size > keptBytes {
		oldest := l
		for _, k := range b.kept {
			if k.done && k != l && (oldest == l || k.used < oldest.used) {
				oldest = k
			}
		}
		if oldest == l {
			return
		}
		delete(b.kept, oldest.height)
		b.size -= oldest.size
	}
}
