package net

import (
	"bufio"
	"fmt"

	"abad/bft"
	"abad/codec"
)

// version of the frames and streams.
const version = 1

// maxHello is the largest HELLO: five numbers, a hash and what CBOR adds come
// to 81 bytes at most.
const maxHello = 128

// Position is how far a node is: the last epochs that it has committed and
// that it holds a certificate for.
type Position struct {
	Committed uint64
	Certified uint64
}

// hello is the first frame each way on a control stream.
type hello struct {
	_         struct{} `cbor:",toarray"`
	Version   uint64
	Cluster   bft.Hash
	Era       uint64
	Node      uint64
	Committed uint64
	Certified uint64
}

func (h hello) position() Position { return Position{h.Committed, h.Certified} }

func (h hello) encode() []byte { return appendFrame(nil, codec.Marshal(h)) }

func readHello(r *bufio.Reader) (hello, error) {
	var h hello
	body, err := readFrame(r, nil, maxHello)
	if err != nil {
		return h, err
	}
	if err := codec.Unmarshal(body, &h); err != nil {
		return h, violationf("HELLO: %w", err)
	}
	return h, nil
}

// check compares a peer's HELLO with ours; peer is who the key says it is. The
// reasons read the same on both sides, which both log them.
func (h hello) check(own hello, peer bft.ID) error {
	no := func(cause Cause, format string, ours, theirs any) error {
		return &refusal{cause, fmt.Sprintf(format, own.Node, ours, peer, theirs)}
	}
	switch {
	case h.Version != own.Version:
		return no(CauseVersion, "node %d speaks version %d, node %d version %d", own.Version, h.Version)
	case h.Cluster != own.Cluster:
		return no(CauseCluster, "node %d is in cluster %s, node %d in %s", own.Cluster.Short(), h.Cluster.Short())
	case h.Era != own.Era:
		return no(CauseEra, "node %d is in era %d, node %d in %d", own.Era, h.Era)
	case h.Node != uint64(peer):
		return &refusal{CauseNode, fmt.Sprintf("the key is of node %d, HELLO says %d", peer, h.Node)}
	}
	return nil
}
