package decision

import (
	"errors"
	"fmt"
	"unicode"
	"unicode/utf8"

	"abad/aba"
	"abad/bft"
	"abad/codec"
	"abad/coin"
)

// MaxName is the longest name in bytes.
const MaxName = 128

// Msg is a message of one decision: of its agreement, or a share of its
// certificate.
type Msg struct {
	Name string  `cbor:"0,keyasint"`
	ABA  aba.Msg `cbor:"1,keyasint,omitzero"`
	Cert []byte  `cbor:"2,keyasint,omitempty"`
}

// Errors of a vote, and reasons of a fault.
var (
	ErrName      = errors.New("a name has 1 to 128 printable characters")
	ErrVoted     = errors.New("this node has voted the other way")
	ErrDecided   = errors.New("the decision has been taken")
	ErrTooMany   = errors.New("too many decisions are open")
	ErrPruned    = errors.New("the decision was taken, and pruned here")
	ErrFull      = errors.New("too many decisions are kept; prune some")
	ErrSilent    = errors.New("this node has lost its memory and may have voted before")
	ErrUnknown   = errors.New("no such decision")
	ErrMalformed = errors.New("decision: malformed message")
	ErrConflict  = errors.New("decision: a second, different certificate share")
	ErrBadShare  = errors.New("decision: certificate share does not verify")
)

// CheckName reports whether a name has 1 to [MaxName] bytes of printable UTF-8.
func CheckName(name string) error {
	if name == "" || len(name) > MaxName || !utf8.ValidString(name) {
		return fmt.Errorf("%w, not %d bytes", ErrName, len(name))
	}
	for _, r := range name {
		if !unicode.IsPrint(r) {
			return fmt.Errorf("%w: %q", ErrName, name)
		}
	}
	return nil
}

// Check reports whether m has the form of its kind.
func (m Msg) Check() error {
	if err := CheckName(m.Name); err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if hasABA := m.ABA.Kind != 0; hasABA == (len(m.Cert) > 0) {
		return fmt.Errorf("%w: neither or both of vote and certificate share", ErrMalformed)
	}
	if len(m.Cert) > 0 {
		if len(m.Cert) != coin.SignatureSize {
			return fmt.Errorf("%w: a certificate share of %d bytes", ErrMalformed, len(m.Cert))
		}
		return nil
	}
	return m.ABA.Check()
}

// Kind names the message, for logs, traces and counts.
func (m Msg) Kind() string {
	if len(m.Cert) > 0 {
		return "CERT"
	}
	return m.ABA.Kind.String()
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

// Entry is one call of a decision's machine, as the crash journal keeps it: this
// node's vote, or a peer's message; or the note that it may not take part.
type Entry struct {
	Name   string  `cbor:"0,keyasint"`
	Vote   aba.Set `cbor:"1,keyasint,omitempty"` // our own; then there is no message
	From   bft.ID  `cbor:"2,keyasint,omitempty"`
	Msg    aba.Msg `cbor:"3,keyasint,omitzero"`
	Barred bool    `cbor:"4,keyasint,omitempty"`
}

// Encode gives the entry's bytes in the journal.
func (e Entry) Encode() []byte { return codec.Marshal(e) }

// DecodeEntry reads one entry; an error says that the journal is damaged.
func DecodeEntry(q bft.Quorum, data []byte) (Entry, error) {
	var e Entry
	if err := codec.Unmarshal(data, &e); err != nil {
		return e, fmt.Errorf("%w: journal entry: %w", ErrMalformed, err)
	}
	if _, single := e.Vote.Single(); CheckName(e.Name) != nil || !q.Valid(e.From) || (e.Vote != aba.None && !single) {
		return e, fmt.Errorf("%w: journal entry of node %d on %q", ErrMalformed, e.From, e.Name)
	}
	if e.Vote == aba.None && !e.Barred {
		return e, e.Msg.Check()
	}
	return e, nil
}
