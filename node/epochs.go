package node

import (
	"context"
	"time"

	"abad/bft"
)

// epochsPause is how old a picture of the open epochs may be: people cannot tell,
// and whoever asks without end costs the driver no more than that.
const epochsPause = 100 * time.Millisecond

// Epochs is a picture of the epochs in flight.
type Epochs struct {
	Quorum bft.Quorum
	Height uint64
	Open   []EpochView
	Last   EpochView // the last one committed by this process, as it was then; Epoch 0: none
}

// Epochs gives a picture of the epochs that this node has under way, at most a
// tenth of a second old. Nobody may change it.
func (n *Node) Epochs(ctx context.Context) (Epochs, error) {
	return n.epochs.get(ctx, n.lookAtEpochs)
}

func (n *Node) lookAtEpochs(ctx context.Context) (e Epochs, err error) {
	d := n.driver
	e.Quorum = n.quorum
	err = d.look(ctx, func() {
		e.Height, e.Last = d.ledger.Height(), d.history.lastEpoch()
		for _, number := range d.ledger.Open() {
			e.Open = append(e.Open, d.view(number, time.Now()))
		}
	})
	return e, err
}

// view runs on the driver's goroutine.
func (d *driver) view(epoch uint64, now time.Time) EpochView {
	v := EpochView{Epoch: epoch, Slots: d.ledger.Slots(epoch)}
	if opened, ok := d.opened[epoch]; ok {
		v.For = now.Sub(opened)
	}
	return v
}
