package aba

import (
	"errors"
	"fmt"

	"abad/codec"
)

// Set is a set of bits.
type Set uint8

// The sets. Of gives {v}.
const (
	None Set = 0
	Zero Set = 1 << 0
	One  Set = 1 << 1
	Both Set = Zero | One
)

// Of is {v}.
func Of(v bool) Set {
	if v {
		return One
	}
	return Zero
}

// Single reports whether s is {v}, and v.
func (s Set) Single() (v, ok bool) { return s == One, s == Zero || s == One }

// Has reports whether v is in s.
func (s Set) Has(v bool) bool { return s&Of(v) != 0 }

// Within reports whether all of s is in t.
func (s Set) Within(t Set) bool { return s&^t == 0 }

func (s Set) String() string {
	if s > Both {
		return fmt.Sprintf("set(%d)", uint8(s))
	}
	return [...]string{"{}", "{0}", "{1}", "{0,1}"}[s]
}

// Kind tells the five messages apart.
type Kind uint8

// The messages; the package comment says what each of them means.
const (
	BVal Kind = 1 + iota
	Aux
	Conf
	Share
	Decide
)

func (k Kind) String() string {
	if k < BVal || k > Decide {
		return fmt.Sprintf("aba(%d)", uint8(k))
	}
	return [...]string{"BVAL", "AUX", "CONF", "SHARE", "DECIDE"}[k-BVal]
}

// Msg is one message. Values holds the one value of BVAL, AUX and DECIDE, or the
// set of CONF.
type Msg struct {
	Kind   Kind   `cbor:"0,keyasint"`
	Round  uint32 `cbor:"1,keyasint,omitempty"` // 0 in DECIDE
	Values Set    `cbor:"2,keyasint,omitempty"`
	First  bool   `cbor:"3,keyasint,omitempty"` // BVAL of round 0: the sender has not sent the other one
	Share  []byte `cbor:"4,keyasint,omitempty"` // SHARE
}

// Reasons of a fault.
var (
	ErrMalformed = errors.New("aba: malformed message")
	ErrConflict  = errors.New("aba: a second, different vote")
)

// Random reports whether a round takes the common coin.
func Random(round uint32) bool { return round%4 == 3 }

// Check reports whether m has the form of its kind.
func (m Msg) Check() error {
	_, single := m.Values.Single()
	ok := false
	switch m.Kind {
	case BVal:
		ok = single && (!m.First || m.Round == 0)
	case Aux:
		ok = single && !m.First
	case Conf:
		ok = m.Values != None && m.Values.Within(Both) && Random(m.Round) && !m.First
	case Share:
		ok = m.Values == None && Random(m.Round) && !m.First
	case Decide:
		ok = single && m.Round == 0 && !m.First
	}
	if !ok || (m.Kind == Share) != (len(m.Share) > 0) {
		return fmt.Errorf("%w: %v", ErrMalformed, m.Kind)
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
