package coin

import (
	"encoding/hex"
	"errors"
	"fmt"
	"sync"

	"go.dedis.ch/kyber/v3"
	"go.dedis.ch/kyber/v3/share"

	"abad/bft"
	"abad/codec"
	"abad/coin/bls12381"
)

// ErrGroup marks what is not the public part of a dealt key.
var ErrGroup = errors.New("coin: bad group")

// Group is the public part of a dealt key: the commitments to the coefficients of
// the polynomial p that shares the secret, so the group key p(0) and the key of
// node i's shares, p(i+1). It is safe for concurrent use. The zero value is no
// group.
type Group struct {
	commitments []*bls12381.PointG2
	key         *PublicKey
	shareKeys   []func() *PublicKey // by node; computed when first needed
}

// ParseGroup takes the number of nodes and the commitments in hexadecimal, as
// [Group.Commitments] gives them.
func ParseGroup(nodes int, commitments []string) (Group, error) {
	points := make([][]byte, len(commitments))
	for i, text := range commitments {
		data, err := hex.DecodeString(text)
		if err != nil {
			return Group{}, fmt.Errorf("%w: commitment %d: %w", ErrGroup, i, err)
		}
		points[i] = data
	}
	return decodeGroup(nodes, points)
}

func decodeGroup(nodes int, commitments [][]byte) (Group, error) {
	if err := checkSizes(nodes, len(commitments)); err != nil {
		return Group{}, fmt.Errorf("%w: %w", ErrGroup, err)
	}
	points := make([]*bls12381.PointG2, len(commitments))
	for i, data := range commitments {
		// A neutral commitment does not come from random coefficients. The first
		// would be a key without a secret, the last a lower threshold than it seems.
		point, err := parsePoint(data)
		if err != nil {
			return Group{}, fmt.Errorf("%w: commitment %d: %w", ErrGroup, i, err)
		}
		points[i] = point
	}
	return newGroup(nodes, points), nil
}

func checkSizes(nodes, threshold int) error {
	if _, err := bft.NewQuorum(nodes); err != nil {
		return err
	}
	if threshold < 1 || threshold > nodes {
		return fmt.Errorf("a threshold of %d shares with %d nodes", threshold, nodes)
	}
	return nil
}

func newGroup(nodes int, commitments []*bls12381.PointG2) Group {
	g := Group{
		commitments: commitments,
		key:         newPublicKey(commitments[0]),
		shareKeys:   make([]func() *PublicKey, nodes),
	}
	points := make([]kyber.Point, len(commitments))
	for i, c := range commitments {
		points[i] = c
	}
	poly := share.NewPubPoly(bls12381.G2, nil, points)
	for i := range g.shareKeys {
		g.shareKeys[i] = sync.OnceValue(func() *PublicKey {
			return newPublicKey(poly.Eval(i).V.(*bls12381.PointG2))
		})
	}
	return g
}

// Nodes is how many nodes have a share of the secret.
func (g Group) Nodes() int { return len(g.shareKeys) }

// Threshold is how many shares make a signature.
func (g Group) Threshold() int { return len(g.commitments) }

// PublicKey is the group key. It is nil in the zero value.
func (g Group) PublicKey() *PublicKey { return g.key }

// ShareKey is the public key of a node's signature shares, nil if there is no
// such node.
func (g Group) ShareKey(id bft.ID) *PublicKey {
	if id < 0 || int(id) >= len(g.shareKeys) {
		return nil
	}
	return g.shareKeys[id]()
}

// Commitments are the points that define the group with the number of nodes: one
// of 96 bytes for each share of the threshold, in hexadecimal for files that
// people read. The first one is the group key.
func (g Group) Commitments() []string {
	texts := make([]string, len(g.commitments))
	for i, c := range g.commitments {
		texts[i] = hex.EncodeToString(encode(c))
	}
	return texts
}

type groupWire struct {
	Nodes       uint16   `cbor:"0,keyasint"`
	Commitments [][]byte `cbor:"1,keyasint"`
}

// MarshalBinary gives the canonical encoding.
func (g Group) MarshalBinary() ([]byte, error) {
	wire := groupWire{Nodes: uint16(g.Nodes())}
	for _, c := range g.commitments {
		wire.Commitments = append(wire.Commitments, encode(c))
	}
	return codec.Marshal(wire), nil
}

// UnmarshalBinary takes what MarshalBinary gives and nothing else.
func (g *Group) UnmarshalBinary(data []byte) error {
	var wire groupWire
	if err := codec.UnmarshalCanonical(data, &wire); err != nil {
		return fmt.Errorf("%w: %w", ErrGroup, err)
	}
	decoded, err := decodeGroup(int(wire.Nodes), wire.Commitments)
	if err != nil {
		return err
	}
	*g = decoded
	return nil
}
