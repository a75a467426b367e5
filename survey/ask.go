package survey

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"abad/api/wire"
	"abad/bft"
	"abad/client"
)

// Target is a node to be asked.
type Target struct {
	Name   string // as the operator knows it: its URL
	Client *client.Client
	// Node is its index, when that is known beforehand; -1: it will say.
	Node int
}

// Answer is what one node said, or why it said nothing.
type Answer struct {
	Name   string
	Node   int // in the roster; -1 if that is not known
	Took   time.Duration
	Status wire.Status // if Err is nil
	Err    error
}

// Survey is what all nodes said at about the same time.
type Survey struct {
	Time    time.Time
	Answers []Answer // in the order of the targets
	// Common is the highest block that all answering nodes have, and Hashes what
	// each of them has there, the zero hash if it was not asked or did not say.
	Common uint64
	Hashes []bft.Hash
}

// Patience is how long one node may take to answer. An API answers in
// milliseconds, and gives up on its own node after five seconds.
const Patience = 6 * time.Second

// Ask asks all nodes at once for their status.
func Ask(ctx context.Context, targets []Target) Survey {
	s := Survey{Time: time.Now(), Answers: make([]Answer, len(targets)), Hashes: make([]bft.Hash, len(targets))}
	var asking sync.WaitGroup
	for i, t := range targets {
		asking.Go(func() { s.Answers[i] = ask(ctx, t) })
	}
	asking.Wait()
	return s
}

var errSlow = fmt.Errorf("it took more than %v to answer", Patience)

func ask(ctx context.Context, t Target) Answer {
	limited, cancel := context.WithTimeoutCause(ctx, Patience, errSlow)
	defer cancel()
	began := time.Now()
	a := Answer{Name: t.Name, Node: t.Node}
	status, err := t.Client.Status(limited)
	a.Took = time.Since(began)
	switch {
	case err != nil:
		a.Err = err
	case !plausible(status):
		a.Err = errors.New("its status makes no sense: node, number of nodes and peers do not fit")
	case t.Node >= 0 && int(status.Node) != t.Node:
		a.Err = fmt.Errorf("node %d answers there", status.Node)
	default:
		a.Node, a.Status = int(status.Node), status
	}
	return a
}

// plausible refuses a status that could not be drawn: whoever answers may be
// faulty.
func plausible(s wire.Status) bool {
	if s.Nodes < 1 || s.Nodes > bft.MaxNodes || int(s.Node) >= s.Nodes || len(s.Peers) != s.Nodes-1 {
		return false
	}
	if q, err := bft.NewQuorum(s.Nodes); err != nil || q.Faulty() != s.Faulty {
		return false
	}
	for i, p := range s.Peers {
		want := i
		if i >= int(s.Node) {
			want++
		}
		if int(p.Node) != want {
			return false
		}
	}
	return true
}

// Compare asks all nodes that answered for their block at one height that all of
// them have, so that [Survey.Problems] can tell whether they have the same log.
func (s *Survey) Compare(ctx context.Context, targets []Target) {
	s.Common = 0
	first := true
	for _, a := range s.Answers {
		if a.Err == nil && (first || a.Status.Height < s.Common) {
			s.Common, first = a.Status.Height, false
		}
	}
	if s.Common == 0 {
		return
	}
	var asking sync.WaitGroup
	for i, t := range targets {
		if s.Answers[i].Err != nil {
			continue
		}
		asking.Go(func() {
			limited, cancel := context.WithTimeoutCause(ctx, Patience, errSlow)
			defer cancel()
			if b, err := t.Client.Block(limited, s.Common); err == nil {
				s.Hashes[i] = b.Hash
			}
		})
	}
	asking.Wait()
}
