package sim

import (
	"slices"

	"abad/bft"
)

// outbox keeps what a node has said of each epoch until the epoch is certified,
// and per peer how much of it was handed to the present link.
type outbox struct {
	next     int // cursors per shelf: the number of nodes
	released uint64
	shelves  []*shelf // ascending epochs
	free     []*shelf
	peak     int // most parcels of one epoch
}

type shelf struct {
	epoch   uint64
	parcels []parcel
	next    []int32
}

// parcel is a message for one peer or for all.
type parcel struct {
	ref   int32
	to    int16
	depth uint16
}

func (o *outbox) shelf(epoch uint64) *shelf {
	for i := len(o.shelves) - 1; i >= 0; i-- {
		if o.shelves[i].epoch == epoch {
			return o.shelves[i]
		}
	}
	s := &shelf{next: make([]int32, o.next)}
	if last := len(o.free) - 1; last >= 0 {
		s, o.free = o.free[last], o.free[:last]
		s.parcels = s.parcels[:0]
		clear(s.next)
	}
	s.epoch = epoch
	i, _ := slices.BinarySearchFunc(o.shelves, epoch, func(s *shelf, e uint64) int { return int(int64(s.epoch - e)) })
	o.shelves = slices.Insert(o.shelves, i, s)
	return s
}

// release forgets the epochs up to certified.
func (o *outbox) release(certified uint64) {
	o.released = max(o.released, certified)
	for len(o.shelves) > 0 && o.shelves[0].epoch <= certified {
		o.free = append(o.free, o.shelves[0])
		o.shelves = slices.Delete(o.shelves, 0, 1)
	}
}

func (o *outbox) clear() { *o = outbox{next: o.next, peak: o.peak} }

// rewind makes peer get everything again that it can still use.
func (o *outbox) rewind(peer bft.ID) {
	for _, s := range o.shelves {
		s.next[peer] = 0
	}
}

// dispatch puts what the tick says into the outbox and on its way.
func (n *node) dispatch() {
	if len(n.tick.send) == 0 {
		return
	}
	if n.liar != nil {
		for _, p := range n.tick.send {
			n.liar.send(p)
		}
		n.tick.send = n.tick.send[:0]
		return
	}
	for _, p := range n.tick.send {
		msg := n.w.msgs.at(p.ref)
		n.w.said(n, msg)
		if msg.Epoch > n.out.released {
			s := n.out.shelf(msg.Epoch)
			s.parcels = append(s.parcels, p)
			n.out.peak = max(n.out.peak, len(s.parcels))
		}
	}
	n.tick.send = n.tick.send[:0]
	for id := range n.peers {
		n.pump(bft.ID(id))
	}
}

// pump hands to a peer's link what the peer can use: nothing beyond its window,
// which it would have to drop, and nothing that it has a proof of.
func (n *node) pump(id bft.ID) {
	p := &n.peers[id]
	if !p.up {
		return
	}
	for _, s := range n.out.shelves {
		if s.epoch > p.at.committed+uint64(n.w.plan.window) {
			return
		}
		if s.epoch <= p.at.certified {
			continue
		}
		for next := &s.next[id]; int(*next) < len(s.parcels); *next++ {
			if parcel := s.parcels[*next]; parcel.to == int16(bft.Everyone) || parcel.to == int16(id) {
				n.w.post(n.id, id, parcel, s.epoch)
			}
		}
	}
}
