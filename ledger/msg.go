package ledger

import (
	"errors"
	"fmt"

	"abad/acs"
	"abad/bft"
	"abad/codec"
)

// Msg is what nodes send each other: a message of an epoch, or a certificate
// share for its block.
type Msg struct {
	Epoch uint64  `cbor:"0,keyasint"`
	ACS   acs.Msg `cbor:"1,keyasint,omitzero"`
	Cert  Cert    `cbor:"2,keyasint,omitzero"`
}

// Cert is a node's shares of a block's certificate and of the epoch's beacon.
type Cert struct {
	Block  []byte `cbor:"0,keyasint,omitempty"`
	Beacon []byte `cbor:"1,keyasint,omitempty"`
}

// IsZero reports whether there are no shares.
func (c Cert) IsZero() bool { return len(c.Block) == 0 && len(c.Beacon) == 0 }

// ShareSize is the size of a signature share in bytes: a compressed point of G1.
const ShareSize = 48

// Reasons of a fault.
var (
	ErrMalformed = errors.New("ledger: malformed message")
	ErrAhead     = errors.New("ledger: message of an epoch beyond the window")
	ErrConflict  = errors.New("ledger: a second, different certificate share")
	ErrBadShare  = errors.New("ledger: certificate share does not verify")
)

// Check reports whether m has the form of its kind.
func (m Msg) Check(q bft.Quorum) error {
	if m.Epoch == 0 {
		return fmt.Errorf("%w: epoch 0", ErrMalformed)
	}
	if m.Cert.IsZero() {
		return m.ACS.Check(q)
	}
	if m.ACS.RBC.Kind != 0 || m.ACS.ABA.Kind != 0 || m.ACS.Slot != 0 || m.ACS.First {
		return fmt.Errorf("%w: a vote and a certificate share in one", ErrMalformed)
	}
	if len(m.Cert.Block) != ShareSize || len(m.Cert.Beacon) != ShareSize {
		return fmt.Errorf("%w: certificate shares of %d and %d bytes", ErrMalformed, len(m.Cert.Block), len(m.Cert.Beacon))
	}
	return nil
}

// Kind names the message, for logs, traces and counts.
func (m Msg) Kind() string {
	if !m.Cert.IsZero() {
		return "CERT"
	}
	return m.ACS.Kind()
}

// Encode gives m's bytes on the wire.
func (m Msg) Encode() []byte { return codec.Marshal(m) }

// Decode reads and checks one message.
func Decode(q bft.Quorum, data []byte) (Msg, error) {
	var m Msg
	if err := codec.Unmarshal(data, &m); err != nil {
		return Msg{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return m, m.Check(q)
}
