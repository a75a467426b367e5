package api

import (
	"context"
	"errors"
	"slices"
	"sync"
	"unsafe"

	"abad/api/wire"
	"abad/batch"
)

const (
	// readSlots is how many readers may hold a block at a time. A block comes from
	// the store as a whole and may have many megabytes.
	readSlots = 8
	// keptBlocks and keptBytes bound the blocks that stay in memory for the next
	// reader: streams all read the newest ones, and a page in the middle of a large
	// block should not cost the whole block again.
	keptBlocks = 16
	keptBytes  = 64 << 20
	// scanned bounds how many blocks one walk looks at, since blocks may be empty.
	scanned = 1024
)

// blocks reads the values of the log for all readers.
type blocks struct {
	node  Node
	slots chan struct{}

	mu   sync.Mutex
	kept []*loaded // the last one was used last
}

// loaded is a block's values, or will be when ready is closed.
type loaded struct {
	height uint64
	ready  chan struct{}
	values []batch.Value
	size   int
	err    error
	done   bool // guarded by blocks.mu
}

// valueOverhead is what a value takes in memory beside its payload.
const valueOverhead = int(unsafe.Sizeof(batch.Value{}))

// errLoad is a block's error until it is loaded; it stays if the node panics.
var errLoad = errors.New("the block was not read to its end")

func newBlocks(node Node) *blocks {
	return &blocks{node: node, slots: make(chan struct{}, readSlots)}
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
	defer func() { <-b.slots }()
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
	for i, l := range b.kept {
		if l.height == height {
			b.kept = append(slices.Delete(b.kept, i, i+1), l)
			return l, false
		}
	}
	l = &loaded{height: height, ready: make(chan struct{}), err: errLoad}
	b.kept = append(b.kept, l)
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

// settle forgets what could not be loaded, and old blocks over the bounds. The last
// one stays however large it is: its reader comes back for the next piece.
func (b *blocks) settle(l *loaded) {
	b.mu.Lock()
	defer b.mu.Unlock()
	l.done = true
	if l.err != nil {
		b.kept = slices.DeleteFunc(b.kept, func(k *loaded) bool { return k == l })
		return
	}
	count, size := 0, 0
	for i := len(b.kept) - 1; i >= 0; i-- {
		k := b.kept[i]
		if !k.done {
			continue
		}
		count, size = count+1, size+k.size
		if count > 1 && (count > keptBlocks || size > keptBytes) {
			b.kept = slices.Delete(b.kept, i, i+1)
			size -= k.size
			count--
		}
	}
}
