package agree

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"abad/bft"
	"abad/codec"
	"abad/decision"
)

// MaxValue is the longest value in bytes: what operators write, or the hash of
// something longer, which the log can hold.
const MaxValue = 1 << 10

const prefix = "abad/proposal/v1"

// MaxPayload bounds what is read as a proposal: prefix, name, value, signature and
// what CBOR adds to them.
const MaxPayload = len(prefix) + decision.MaxName + MaxValue + ed25519.SignatureSize + 32

// Errors of a proposal.
var (
	ErrValue     = errors.New("a proposed value has 1 to 1024 bytes")
	ErrProposal  = errors.New("not a proposal")
	ErrSignature = errors.New("the proposal is not its node's")
)

// Proposal is what one node proposes on a name. Names are those of decisions.
type Proposal struct {
	Name      string `cbor:"0,keyasint"`
	Node      bft.ID `cbor:"1,keyasint"`
	Value     []byte `cbor:"2,keyasint"`
	Signature []byte `cbor:"3,keyasint"`
}

// Domain is what a signature is good for.
type Domain struct {
	Cluster bft.Hash
	Era     uint64
}

// Propose makes and signs a proposal. The errors are [decision.ErrName] and
// [ErrValue].
func (d Domain) Propose(key ed25519.PrivateKey, node bft.ID, name string, value []byte) (Proposal, error) {
	p := Proposal{Name: name, Node: node, Value: value}
	if err := p.check(); err != nil {
		return p, err
	}
	p.Signature = ed25519.Sign(key, d.signed(p))
	return p, nil
}

// Verify checks the signature with the key of the proposal's node.
func (d Domain) Verify(key ed25519.PublicKey, p Proposal) error {
	if len(key) != ed25519.PublicKeySize || !ed25519.Verify(key, d.signed(p), p.Signature) {
		return ErrSignature
	}
	return nil
}

func (d Domain) signed(p Proposal) []byte {
	msg := append([]byte(prefix), d.Cluster[:]...)
	msg = binary.BigEndian.AppendUint64(msg, d.Era)
	msg = binary.BigEndian.AppendUint16(msg, uint16(p.Node)) // bft.MaxNodes fits
	name, value := sha256.Sum256([]byte(p.Name)), sha256.Sum256(p.Value)
	return append(append(msg, name[:]...), value[:]...)
}

func (p Proposal) check() error {
	if err := decision.CheckName(p.Name); err != nil {
		return err
	}
	if len(p.Value) == 0 || len(p.Value) > MaxValue {
		return fmt.Errorf("%w, not %d", ErrValue, len(p.Value))
	}
	return nil
}

// Encode gives the value's payload.
func (p Proposal) Encode() []byte { return append([]byte(prefix), codec.Marshal(p)...) }

// May reports whether a payload may be a proposal, which is much cheaper than [Decode].
func May(payload []byte) bool { return bytes.HasPrefix(payload, []byte(prefix)) }

// Decode reads a payload; for all that is not a well-formed proposal, which is most
// of any log, it is [ErrProposal]. The signature is not checked.
func Decode(payload []byte) (Proposal, error) {
	var p Proposal
	data, ok := bytes.CutPrefix(payload, []byte(prefix))
	if !ok || len(payload) > MaxPayload {
		return p, ErrProposal
	}
	if err := codec.UnmarshalCanonical(data, &p); err != nil {
		return p, fmt.Errorf("%w: %w", ErrProposal, err)
	}
	if err := p.check(); err != nil {
		return p, fmt.Errorf("%w: %w", ErrProposal, err)
	}
	if p.Node < 0 || p.Node >= bft.MaxNodes {
		return p, fmt.Errorf("%w: node %d", ErrProposal, p.Node)
	}
	return p, nil
}
