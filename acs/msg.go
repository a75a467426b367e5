package acs

import (
	"errors"
	"fmt"

	"abad/aba"
	"abad/bft"
	"abad/codec"
	"abad/rbc"
)

// Msg is a message of one slot: of its broadcast or of its agreement.
type Msg struct {
	Slot bft.ID  `cbor:"0,keyasint"`
	RBC  rbc.Msg `cbor:"1,keyasint,omitzero"`
	// First goes with READY: the sender has not sent BVAL(0,0) for this slot.
	First bool    `cbor:"2,keyasint,omitempty"`
	ABA   aba.Msg `cbor:"3,keyasint,omitzero"`
}

// ErrMalformed marks a message that no correct node sends.
var ErrMalformed = errors.New("acs: malformed message")

// Check reports whether m has the form of its kind, in a roster of these nodes.
// BVAL(0,1) has no form of its own: READY says it.
func (m Msg) Check(q bft.Quorum) error {
	if !q.Valid(m.Slot) {
		return fmt.Errorf("%w: slot %d", ErrMalformed, m.Slot)
	}
	if m.First && m.RBC.Kind != rbc.Ready {
		return fmt.Errorf("%w: first without READY", ErrMalformed)
	}
	switch hasRBC, hasABA := m.RBC.Kind != 0, m.ABA.Kind != 0; {
	case hasRBC == hasABA:
		return fmt.Errorf("%w: neither or both of broadcast and agreement", ErrMalformed)
	case hasRBC:
		return m.RBC.Check()
	case isReadyVote(m.ABA):
		return fmt.Errorf("%w: BVAL(0,1) apart from READY", ErrMalformed)
	default:
		return m.ABA.Check()
	}
}

// isReadyVote tells the one vote that is sent as READY.
func isReadyVote(m aba.Msg) bool {
	return m.Kind == aba.BVal && m.Round == 0 && m.Values == aba.One
}

// Kind names the message, for logs, traces and counts.
func (m Msg) Kind() string {
	if m.RBC.Kind != 0 {
		return m.RBC.Kind.String()
	}
	return m.ABA.Kind.String()
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
