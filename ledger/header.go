package ledger

import (
	"errors"
	"fmt"

	"abad/bft"
	"abad/codec"
	"abad/rbc"
)

// MaxListed is how many batches a header may list: with 33 bytes each they fit
// into a broadcast's payload with room to spare, and one header can carry
// gigabytes of payload by reference. More simply wait for the next epoch.
const MaxListed = 1024

// Compile-time check that a full header can be broadcast.
var _ [rbc.MaxPayload - MaxListed*(len(bft.Hash{})+2) - 64]struct{}

// Header is what a proposer puts into its slot.
type Header struct {
	Time    uint64     `cbor:"0,keyasint"` // the proposer's clock, Unix milliseconds
	Batches []bft.Hash `cbor:"1,keyasint,omitempty"`
}

// ErrHeader marks a header that no correct node proposes.
var ErrHeader = errors.New("ledger: malformed header")

// Encode gives the canonical bytes.
func (h Header) Encode() []byte { return codec.Marshal(h) }

// DecodeHeader reads a header: canonical, within [MaxListed], nothing twice.
func DecodeHeader(data []byte) (Header, error) {
	var h Header
	if err := codec.UnmarshalCanonical(data, &h); err != nil {
		return Header{}, fmt.Errorf("%w: %w", ErrHeader, err)
	}
	if len(h.Batches) > MaxListed {
		return Header{}, fmt.Errorf("%w: %d batches", ErrHeader, len(h.Batches))
	}
	seen := make(map[bft.Hash]bool, len(h.Batches))
	for _, d := range h.Batches {
		if seen[d] {
			return Header{}, fmt.Errorf("%w: batch %s twice", ErrHeader, d.Short())
		}
		seen[d] = true
	}
	return h, nil
}
