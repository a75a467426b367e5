package ledger

import (
	"errors"
	"fmt"

	"abad/acs"
	"abad/bft"
	"abad/codec"
)

// Entry is one call of an epoch's machine, as the crash journal keeps it: a
// message, or an input.
type Entry struct {
	Kind   EntryKind `cbor:"0,keyasint"`
	Node   bft.ID    `cbor:"1,keyasint,omitempty"` // a message's sender; the slot of Held and Reject
	Msg    acs.Msg   `cbor:"2,keyasint,omitzero"`
	Header []byte    `cbor:"3,keyasint,omitempty"` // Propose
	Hash   bft.Hash  `cbor:"4,keyasint,omitzero"`  // Held
	// Heard is how many of its own messages the epoch's machine had heard before this
	// call: one step of the ledger may make several calls, and the node hears what
	// it says to itself only after the step.
	Heard uint64 `cbor:"5,keyasint,omitempty"`
}

// EntryKind tells the calls apart.
type EntryKind uint8

// The calls.
const (
	Message EntryKind = 1 + iota
	Propose
	Held
	Reject
	Hurry
)

// ErrEntry marks bytes that are no journal entry: the journal is damaged.
var ErrEntry = errors.New("ledger: malformed journal entry")

// Encode gives the entry's bytes in the journal.
func (e Entry) Encode() []byte { return codec.Marshal(e) }

// DecodeEntry reads one entry.
func DecodeEntry(q bft.Quorum, data []byte) (Entry, error) {
	var e Entry
	if err := codec.Unmarshal(data, &e); err != nil {
		return Entry{}, fmt.Errorf("%w: %w", ErrEntry, err)
	}
	if e.Kind < Message || e.Kind > Hurry || !q.Valid(e.Node) {
		return Entry{}, fmt.Errorf("%w: kind %d of node %d", ErrEntry, e.Kind, e.Node)
	}
	if e.Kind == Message {
		if err := e.Msg.Check(q); err != nil {
			return Entry{}, fmt.Errorf("%w: %w", ErrEntry, err)
		}
	}
	return e, nil
}

// input is the call's input, for all but messages.
func (e Entry) input() acs.In {
	switch e.Kind {
	case Propose:
		return acs.Propose{Header: e.Header}
	case Held:
		return acs.Held{Slot: e.Node, Hash: e.Hash}
	case Reject:
		return acs.Reject{Slot: e.Node}
	case Hurry:
		return acs.Hurry{}
	}
	panic(fmt.Sprintf("ledger: internal error: entry kind %d is no input", e.Kind))
}
