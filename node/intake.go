package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"abad/batch"
	"abad/bft"
	"abad/ledger"
	"abad/store"
)

// errHave ends a push of a batch that is here already.
var errHave = errors.New("have it")

// intake takes in the batches of peers: checks them, makes them durable, tells
// the driver. A maker with too much that no block has taken is not read from; the
// stream's flow control makes it wait.
type intake struct {
	store *store.Store
	tell  func(context.Context, ledger.In) error
	limit int64
	plain *plain
	spare sync.Pool // *[]byte that large pushes were read into

	mu      sync.Mutex
	coming  map[arrival]time.Time  // pushes and answers that are being read, and when they last got on
	gotOn   []time.Time            // when any push of a peer's last did
	pending map[bft.Hash]ownership // held, in no block
	backlog []int64                // bytes of those per maker, of what it pushes
	pulled  []int64                // and per lister, of what is pulled
	freed   chan struct{}          // closed and replaced when a block has taken batches
}

// arrival is a batch that is being read.
type arrival struct {
	digest bft.Hash
	from   bft.ID
}

// pushStep is by how many bytes a push gets on, at least: one that sends us a byte now and
// then is not counted on (see expected).
const pushStep = 16 << 10

// source is against whom a batch counts: against its maker, who has pushed it, or against
// who lists what was pulled. A correct node lists also what others have left with it, so
// that is another account.
type source struct {
	id     bft.ID
	pulled bool
}

type ownership struct {
	source
	size int64
}

func newIntake(nodes int, limit int64, s *store.Store, tell func(context.Context, ledger.In) error) *intake {
	return &intake{
		store: s, tell: tell, limit: limit, plain: newPlain(),
		coming: map[arrival]time.Time{}, gotOn: make([]time.Time, nodes), pending: map[bft.Hash]ownership{},
		backlog: make([]int64, nodes), pulled: make([]int64, nodes), freed: make(chan struct{}),
	}
}

// push reads one batch that a peer pushes.
func (k *intake) push(ctx context.Context, from bft.ID, head []byte, size int64, body io.Reader) error {
	var digest bft.Hash
	if err := digest.UnmarshalBinary(head); err != nil {
		return fmt.Errorf("push: %w", err)
	}
	if size <= 0 || size > batch.MaxSize {
		return fmt.Errorf("push: %w: %d bytes", batch.ErrMalformed, size)
	}
	if err := k.room(ctx, from); err != nil {
		return err
	}
	if k.has(digest) {
		return errHave
	}
	data := k.buffer(int(size))
	coming := arrival{digest, from}
	defer k.ended(coming)
	if err := k.read(coming, body, data); err != nil {
		return fmt.Errorf("push of batch %s: %w", digest.Short(), err)
	}
	if err := k.accept(ctx, source{id: from}, digest, data); err != nil {
		return err
	}
	if len(data) >= store.LargeBatch {
		k.spare.Put(&data) // it is on the disk, and nobody else has these bytes
	}
	return nil
}

// read fills data, step by step.
func (k *intake) read(a arrival, body io.Reader, data []byte) error {
	for step := range slices.Chunk(data, pushStep) {
		k.pushGetsOn(a)
		if _, err := io.ReadFull(body, step); err != nil {
			return err
		}
	}
	return nil
}

// buffer gives room for a batch; what is in it is garbage.
func (k *intake) buffer(size int) []byte {
	if spare, ok := k.spare.Get().(*[]byte); ok && cap(*spare) >= size {
		return (*spare)[:size]
	}
	return make([]byte, size)
}

// accept checks a batch's bytes against its name, stores it and tells the driver.
func (k *intake) accept(ctx context.Context, from source, digest bft.Hash, data []byte) error {
	if batch.Digest(data) != digest {
		return fmt.Errorf("batch %s: the bytes have another digest", digest.Short())
	}
	ids, err := batch.Check(data)
	if err != nil {
		return fmt.Errorf("batch %s: %w", digest.Short(), err)
	}
	return k.keep(ctx, from, digest, data, ids)
}

// keep takes in a batch that has been checked. The ledger need not wait for the disk. A
// large one is there when it returns, and its bytes are the caller's again.
func (k *intake) keep(ctx context.Context, from source, digest bft.Hash, data []byte, ids []batch.ValueID) error {
	hold := k.queue(from, digest, data, ids)
	// Whatever becomes of the link that it came over: a batch that is here and that
	// the ledger does not know of would be missing for ever, as nobody fetches it.
	if err := k.tell(context.WithoutCancel(ctx), hold); err != nil || len(data) < store.LargeBatch {
		return err // the driver waits for a small one, and writes it with what it says
	}
	return hold.stored()
}

// queue begins to store a batch that has been checked, and gives what the driver has to
// be told.
func (k *intake) queue(from source, digest bft.Hash, data []byte, ids []batch.ValueID) storing {
	k.plain.note(digest, data)
	stored := k.store.QueueBatch(digest, from.id, data)
	k.charge(digest, from, int64(len(data)))
	return storing{Hold: ledger.Hold{Digest: digest, Maker: from.id, Values: ids}, stored: stored}
}

// storing is a batch on its way to the disk: what the ledger makes of it is not sent
// before it is there.
type storing struct {
	ledger.Hold
	stored func() error // waits
	say    []byte       // a small one of ours, for the peers
}

// charge counts a pending batch against its source, a tiny one as [maxFramed] bytes: it
// costs more than what is in it.
func (k *intake) charge(digest bft.Hash, from source, size int64) {
	size = max(size, maxFramed)
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, known := k.pending[digest]; !known {
		k.pending[digest] = ownership{from, size}
		*k.account(from) += size
	}
}

func (k *intake) account(of source) *int64 {
	if of.pulled {
		return &k.pulled[of.id]
	}
	return &k.backlog[of.id]
}

// taken takes the batches of a block off their makers' accounts.
func (k *intake) taken(digests []bft.Hash) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, d := range digests {
		if o, ok := k.pending[d]; ok {
			delete(k.pending, d)
			*k.account(o.source) -= o.size
		}
	}
	close(k.freed)
	k.freed = make(chan struct{})
}

// room waits until a maker is within its limit.
func (k *intake) room(ctx context.Context, maker bft.ID) error {
	for {
		k.mu.Lock()
		over, freed := k.backlog[maker] >= k.limit, k.freed
		k.mu.Unlock()
		if !over {
			return nil
		}
		select {
		case <-freed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// full reports whether a maker is over its limit.
func (k *intake) full(maker bft.ID) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.backlog[maker] >= k.limit
}

// overdrawn reports whether so much was pulled that a node lists, and that is in no block,
// as a correct one never lists: more than it may hold of everybody.
func (k *intake) overdrawn(lister bft.ID) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.pulled[lister] >= k.limit*int64(len(k.pulled))
}

// held is how many bytes of each maker's batches are in no block.
func (k *intake) held() []int64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	sums := slices.Clone(k.backlog)
	for id, pulled := range k.pulled {
		sums[id] += pulled
	}
	return sums
}

func (k *intake) getsOn(a arrival) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.coming[a] = time.Now()
}

func (k *intake) pushGetsOn(a arrival) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := time.Now()
	k.coming[a], k.gotOn[a.from] = now, now
}

func (k *intake) ended(a arrival) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.coming, a)
}

// expected reports whether a push of the batch, or an answer with it, is being read from some peer and has got
// on in the time that this peer has for it: the rest of what one pushed that has died
// comes only to its end when the connection does, many seconds later.
func (k *intake) expected(d bft.Hash, patience func(bft.ID) time.Duration) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	for id := range bft.ID(len(k.backlog)) {
		if at, some := k.coming[arrival{d, id}]; some && time.Since(at) < patience(id) {
			return true
		}
	}
	return false
}

// pushes reports whether any push of a peer's has got on in this time.
func (k *intake) pushes(from bft.ID, patience time.Duration) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return time.Since(k.gotOn[from]) < patience
}

// has reports whether the batch is in the store.
func (k *intake) has(d bft.Hash) bool {
	if k.told(d) {
		return true
	}
	has, err := k.store.HasBatch(d)
	return err == nil && has
}

// told reports whether the ledger has heard of a batch that is in no block.
func (k *intake) told(d bft.Hash) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, pending := k.pending[d]
	return pending
}
