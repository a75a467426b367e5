package node

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"abad/bft"
	"abad/codec"
)

const (
	// linksPause is how old the answer of [Node.Links] may be: round-trip times are
	// averages over longer, and a link that is lost takes seconds to be noticed.
	linksPause = time.Second
	// linksTimeout bounds the question to the peers. One that takes longer than a
	// second over a link that is up is stuck, which is what the answer then says.
	linksTimeout = time.Second
	// maxReport bounds a peer's answer: 255 links of at most 16 bytes.
	maxReport = 8 << 10
)

// Link is one node's end of the link to another.
type Link struct {
	Up     bool
	RTT    time.Duration // smoothed; 0 while the link is down
	Faults uint64        // messages of the other that no correct node sends
}

// View is what one node says of its links. What a peer says is its word alone.
type View struct {
	Node  bft.ID
	Err   error  // why there is no answer; then Links is nil
	Links []Link // in roster order; the one to itself stays zero
}

// Links asks all peers how they see the others: who sees whom, in roster order. It
// is at most a second old. Nobody may change it.
func (n *Node) Links(ctx context.Context) ([]View, error) {
	return n.links.get(ctx, n.askForLinks)
}

// errNoLink says that a peer cannot be asked.
var errNoLink = errors.New("no link to this node")

func (n *Node) askForLinks(ctx context.Context) ([]View, error) {
	asking, cancel := context.WithTimeout(ctx, linksTimeout)
	defer cancel()
	views := make([]View, n.quorum.All())
	own := n.ownLinks()
	var questions sync.WaitGroup
	for id := range n.quorum.IDs() {
		v := &views[id]
		v.Node = id
		switch {
		case id == n.config.Self:
			v.Links = own
		case !own[id].Up:
			v.Err = errNoLink
		default:
			questions.Go(func() { v.Links, v.Err = n.linksOf(asking, id) })
		}
	}
	questions.Wait()
	return views, context.Cause(ctx)
}

func (n *Node) ownLinks() []Link {
	links := make([]Link, n.quorum.All())
	for i, p := range n.transport.Stats().Peers {
		links[i] = Link{Up: p.Up, RTT: p.RTT, Faults: n.driver.faults.count(bft.ID(i))}
	}
	return links
}

func (n *Node) linksOf(ctx context.Context, id bft.ID) ([]Link, error) {
	answer, err := n.transport.Request(ctx, id, askLinks, nil, maxReport, nil)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, fmt.Errorf("no answer within %s", linksTimeout)
	}
	if err != nil {
		return nil, err
	}
	return decodeLinks(answer, id, n.quorum.All())
}

// linkReport is a link as nodes tell each other.
type linkReport struct {
	_      struct{} `cbor:",toarray"`
	Up     bool
	Micros uint32
	Faults uint64
}

func encodeLinks(links []Link) []byte {
	report := make([]linkReport, len(links))
	for i, l := range links {
		report[i] = linkReport{Up: l.Up, Micros: uint32(min(l.RTT.Microseconds(), math.MaxUint32)), Faults: l.Faults}
	}
	return codec.Marshal(report)
}

// errReport marks an answer that says nothing of this roster.
var errReport = errors.New("its answer is malformed")

// decodeLinks reads the answer of a peer in a roster of so many.
func decodeLinks(data []byte, from bft.ID, nodes int) ([]Link, error) {
	var report []linkReport
	if err := codec.Unmarshal(data, &report); err != nil {
		return nil, fmt.Errorf("%w: %w", errReport, err)
	}
	if len(report) != nodes {
		return nil, fmt.Errorf("%w: %d links in a roster of %d", errReport, len(report), nodes)
	}
	links := make([]Link, nodes)
	for i, r := range report {
		if bft.ID(i) == from {
			continue
		}
		links[i].Up, links[i].Faults = r.Up, r.Faults
		if r.Up {
			links[i].RTT = time.Duration(r.Micros) * time.Microsecond
		}
	}
	return links, nil
}
