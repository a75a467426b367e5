package rbc

import (
	"errors"
	"fmt"

	"abad/bft"
	"abad/codec"
)

// Kind tells the five messages apart.
type Kind uint8

// The messages; the package comment says what each of them means.
const (
	Val Kind = 1 + iota
	Echo
	Ready
	Fetch
	Found
)

func (k Kind) String() string {
	if k < Val || k > Found {
		return fmt.Sprintf("rbc(%d)", uint8(k))
	}
	return [...]string{"VAL", "ECHO", "READY", "FETCH", "FOUND"}[k-Val]
}

// MaxPayload bounds a payload in bytes: a header that lists as many batches as
// one may, with room to spare. Every correct node may have to keep n of them per
// epoch.
const MaxPayload = 64 << 10

// Msg is one message. Hash is set in ECHO, READY and FETCH, Payload in VAL and
// FOUND.
type Msg struct {
	Kind    Kind     `cbor:"0,keyasint"`
	Hash    bft.Hash `cbor:"1,keyasint,omitzero"`
	Payload []byte   `cbor:"2,keyasint,omitempty"`
}

// ErrMalformed marks a message that no correct node sends.
var ErrMalformed = errors.New("rbc: malformed message")

// Check reports whether m has the form of its kind.
func (m Msg) Check() error {
	switch m.Kind {
	case Val, Found:
		if len(m.Payload) == 0 || len(m.Payload) > MaxPayload || !m.Hash.IsZero() {
			return fmt.Errorf("%w: %v with %d bytes", ErrMalformed, m.Kind, len(m.Payload))
		}
	case Echo, Ready, Fetch:
		if len(m.Payload) != 0 || m.Hash.IsZero() {
			return fmt.Errorf("%w: %v without a hash or with a payload", ErrMalformed, m.Kind)
		}
	default:
		return fmt.Errorf("%w: unknown kind %d", ErrMalformed, m.Kind)
	}
	return nil
}

// Encode gives m's bytes on the wire.
func (m Msg) Encode() []byte { return codec.Marshal(m) }

// Decode reads and checks one message.
func Decode(data []byte) (Msg, error) {
	var m Msg
	if err := codec.Unmarshal(data, &m); err != nil {
		return Msg{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return m, m.Check()
}
