package net

import (
	"slices"

	"abad/bft"
)

// shelf holds the messages of one epoch or topic.
type shelf struct {
	epoch uint64
	topic string
	msgs  []addressed
	next  []int // per peer: the first message that was not handed over yet
	bytes int
}

type addressed struct {
	to  bft.ID
	msg []byte
}

func (o *outbox) shelf(epoch uint64, topic string) *shelf {
	list, i, found := &o.topics, len(o.topics), false
	if epoch > 0 {
		topic, list = "", &o.epochs
		i, found = slices.BinarySearchFunc(o.epochs, epoch, byEpoch)
	} else if at := slices.IndexFunc(o.topics, func(s *shelf) bool { return s.topic == topic }); at >= 0 {
		i, found = at, true
	}
	if !found {
		s := &shelf{epoch: epoch, topic: topic, next: make([]int, len(o.peers))}
		*list = slices.Insert(*list, i, s)
	}
	return (*list)[i]
}

func byEpoch(s *shelf, epoch uint64) int {
	switch {
	case s.epoch < epoch:
		return -1
	case s.epoch > epoch:
		return 1
	}
	return 0
}

// load is a frame in the making.
type load struct {
	msgs  [][]byte
	bytes int
}

// from adds what peer has not got from s, and reports whether there is room
// for more.
func (l *load) from(s *shelf, peer bft.ID) bool {
	for s.next[peer] < len(s.msgs) {
		m := s.msgs[s.next[peer]]
		if m.to == bft.Everyone || m.to == peer {
			if len(l.msgs) == frameMessages || len(l.msgs) > 0 && l.bytes+len(m.msg) > frameTarget {
				return false
			}
			l.msgs = append(l.msgs, m.msg)
			l.bytes += len(m.msg)
		}
		s.next[peer]++
	}
	return true
}
