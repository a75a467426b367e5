package node

import (
	"bytes"
	"testing"
	"time"

	"abad/batch"
	"abad/bft"
	"abad/ledger"
)

// A small batch of a peer's is held as soon as it is heard, and stored with what is
// said next. What is none is its sender's fault, and what there is no room for is not.
func TestFramedBatches(t *testing.T) {
	n := unstarted(t)
	d := n.driver
	digest, data, _ := someBatch()
	raw := frame(batchMsg, data)
	heard := func(raw []byte) (faults, held int) {
		d.message(3, raw)
		return int(d.faults.count(3)), int(d.intake.held()[3])
	}
	for _, bad := range [][]byte{{batchMsg}, frame(batchMsg, []byte("no batch")), frame(batchMsg, data[:len(data)-1]), frame(batchMsg, large(t))} {
		before, _ := heard(nil)
		if faults, held := heard(bad); faults != before+1 || held != 0 {
			t.Errorf("%d bytes: %d faults, %d bytes held", len(bad), faults-before, held)
		}
	}
	before, _ := heard(nil)
	d.intake.limit = 0
	if faults, held := heard(raw); faults != before || held != 0 {
		t.Errorf("over the limit: %d faults, %d bytes held", faults-before, held)
	}
	d.intake.limit = 1 << 20
	for range 2 { // the second one is known
		if faults, held := heard(raw); faults != before || held != maxFramed || len(d.tick.stored) != 1 {
			t.Errorf("%d faults, %d bytes held, %d to be stored", faults-before, held, len(d.tick.stored))
		}
	}
	clear(raw) // the frame it came in is somebody else's
	if err := d.persist(); err != nil {
		t.Fatal(err)
	}
	if got, err := n.store.Batch(digest); err != nil || !bytes.Equal(got, data) {
		t.Errorf("stored: %x, %v", got, err)
	}
}

// large is a batch that is too large to go in a frame.
func large(t *testing.T) []byte {
	t.Helper()
	b := batch.NewBuilder([16]byte{1})
	b.Add(largeValue(1))
	return b.Bytes()
}

func largeValue(i int) batch.Value {
	v := value(i)
	v.Payload = make([]byte, maxFramed)
	return v
}

// A small batch of ours goes with the header that lists it, a large one before it.
func TestWhichBatchesGoInFrames(t *testing.T) {
	n := unstarted(t)
	d := n.driver
	d.input(ledger.Rested{})
	_, hold := launchOne(t, n, value(1))
	d.input(hold)
	var kinds []byte
	for _, out := range d.tick.send {
		if out.To != bft.Everyone || out.Epoch != 1 {
			t.Errorf("a message of epoch %d to %d", out.Epoch, out.To)
		}
		kinds = append(kinds, out.Msg[0])
	}
	if !bytes.HasPrefix(kinds, []byte{batchMsg, ledgerMsg}) {
		t.Errorf("messages of kinds %v, want the batch and then its header", kinds)
	}
}

// Where the next header will not come soon, small batches are pushed like large ones;
// and not too many go ahead of one header.
func TestSmallBatchesThatNoHeaderFollows(t *testing.T) {
	n := unstarted(t)
	d := n.driver
	offered := func() int {
		n.offers.mu.Lock()
		defer n.offers.mu.Unlock()
		return len(n.offers.order)
	}
	launch := func(i int, why string, want int) {
		t.Helper()
		_, hold := launchOne(t, n, value(i))
		before := offered()
		d.input(hold)
		if got := offered() - before; got != want {
			t.Errorf("%s: %d batches are pushed, want %d", why, got, want)
		}
	}
	launch(1, "as usual", 0)
	d.framed = framed{d.mine + 1, maxFrames}
	launch(2, "much goes with this header", 1)
	d.mine++
	launch(3, "the next header", 0)
	d.mine = d.window
	launch(4, "the window is full", 1)
	d.mine = 1
	d.input(ledger.Mute{Until: 100})
	launch(5, "the node is silent", 1)
}

// A batch that went in a frame is not pushed as well where an epoch takes a second.
func TestWhenBatchesAreOfferedAgain(t *testing.T) {
	n := unstarted(t)
	small, _ := launchOne(t, n, value(1))
	made, large := launchOne(t, n, largeValue(2))
	made.since = small.since
	after := func(d time.Duration) int { return len(n.batcher.overdue(small.since.Add(d))) }
	if got := after(offerAfter / 2); got != 0 {
		t.Errorf("%d are offered again at once", got)
	}
	if got := n.batcher.overdue(small.since.Add(2 * offerAfter)); len(got) != 1 || got[0] != large.Digest {
		t.Errorf("after %v: %v, want the large one", 2*offerAfter, got)
	}
	if got := after(framedAfter + offerAfter); got != 2 {
		t.Errorf("%d are offered again after %v, want both", got, framedAfter+offerAfter)
	}
}
