package agree

import (
	"crypto/ed25519"
	"fmt"
	"slices"

	"abad/bft"
	"abad/codec"
)

// Limits; the package comment has their use. With them a [Book] of the largest
// cluster takes 5 MiB at most, a usual one some kilobytes.
const (
	MaxOpen = 16
	MaxKept = 1024
)

// Config says whose log it is.
type Config struct {
	Quorum bft.Quorum
	Domain Domain
	Keys   []ed25519.PublicKey // of the roster
}

// Place is where in the log something is.
type Place struct {
	Block uint64 `cbor:"0,keyasint"`
	Index uint64 `cbor:"1,keyasint"`
}

// Entry is a proposal that counts.
type Entry struct {
	Node  bft.ID `cbor:"0,keyasint"`
	Value []byte `cbor:"1,keyasint"`
}

// Agreement is how things stand on a name.
type Agreement struct {
	Name      string   `cbor:"0,keyasint"`
	Proposals []Entry  `cbor:"1,keyasint,omitempty"` // in log order, until it is agreed
	Agreed    bool     `cbor:"2,keyasint,omitempty"`
	Value     []byte   `cbor:"3,keyasint,omitempty"` // once agreed
	For       []bft.ID `cbor:"4,keyasint,omitempty"` // those of the first n-f who named it
	At        Place    `cbor:"5,keyasint"`           // of the last proposal that counted
}

// Book holds the agreements of a log that is read to it value by value. It is a
// function of what was read: no clock, no chance, no map order.
type Book struct {
	cfg    Config
	height uint64
	open   []*Agreement // by first proposal
	kept   []*Agreement // by outcome, the latest last
	named  map[string]*Agreement
}

// New gives the book of an empty log.
func New(cfg Config) *Book { return &Book{cfg: cfg, named: map[string]*Agreement{}} }

// Height is the last block that was read.
func (b *Book) Height() uint64 { return b.height }

// Block reads the next block's payloads; blocks come in order, without gaps.
func (b *Book) Block(height uint64, payloads func(yield func(index uint64, payload []byte) bool)) {
	if height != b.height+1 {
		panic(fmt.Sprintf("agree: internal error: block %d after block %d", height, b.height))
	}
	for index, payload := range payloads {
		if p, err := Decode(payload); err == nil {
			b.add(Place{height, index}, p)
		}
	}
	b.height = height
}

// add counts a proposal if it counts. What costs most is asked last.
func (b *Book) add(at Place, p Proposal) {
	a := b.named[p.Name]
	switch {
	case !b.cfg.Quorum.Valid(p.Node), a != nil && (a.Agreed || a.Of(p.Node) != nil):
		return
	case b.Open(p.Node) >= MaxOpen, b.cfg.Domain.Verify(b.cfg.Keys[p.Node], p) != nil:
		return
	}
	if a == nil {
		a = &Agreement{Name: p.Name}
		b.named[p.Name] = a
		b.open = append(b.open, a)
	}
	a.Proposals = append(a.Proposals, Entry{p.Node, slices.Clone(p.Value)})
	a.At = at
	if len(a.Proposals) >= b.cfg.Quorum.Wait() {
		b.close(a)
	}
}

// close enters the outcome, and forgets the oldest one if there are too many.
func (b *Book) close(a *Agreement) {
	a.Agreed = true
	for _, e := range a.Proposals { // in log order, so the first of equals stays
		if supporters := a.naming(e.Value); len(supporters) > len(a.For) {
			a.Value, a.For = e.Value, supporters
		}
	}
	a.Proposals = nil
	b.open = slices.DeleteFunc(b.open, func(o *Agreement) bool { return o == a })
	b.kept = append(b.kept, a)
	if len(b.kept) > MaxKept {
		delete(b.named, b.kept[0].Name)
		b.kept = slices.Delete(b.kept, 0, 1)
	}
}

// naming lists who proposes a value.
func (a *Agreement) naming(value []byte) []bft.ID {
	var list []bft.ID
	for _, e := range a.Proposals {
		if string(e.Value) == string(value) {
			list = append(list, e.Node)
		}
	}
	return list
}

// Of gives a node's proposal, nil if there is none or the agreement is reached.
func (a *Agreement) Of(node bft.ID) []byte {
	for _, e := range a.Proposals {
		if e.Node == node {
			return e.Value
		}
	}
	return nil
}

// Lookup tells how things stand on a name; false if no proposal on it counts. The
// slices in the answer do not change.
func (b *Book) Lookup(name string) (Agreement, bool) {
	a := b.named[name]
	if a == nil {
		return Agreement{}, false
	}
	return *a, true
}

// Open counts the open names that a node has proposed on.
func (b *Book) Open(node bft.ID) int {
	n := 0
	for _, a := range b.open {
		if a.Of(node) != nil {
			n++
		}
	}
	return n
}

// snapshot is a book on the disk.
type snapshot struct {
	Height uint64       `cbor:"0,keyasint"`
	Open   []*Agreement `cbor:"1,keyasint,omitempty"`
	Kept   []*Agreement `cbor:"2,keyasint,omitempty"`
}

// Encode gives the book's bytes, from which [Restore] goes on.
func (b *Book) Encode() []byte { return codec.Marshal(snapshot{b.height, b.open, b.kept}) }

// Restore is [New] with what [Book.Encode] gave. The bytes are our own disk's.
func Restore(cfg Config, data []byte) (*Book, error) {
	var s snapshot
	if err := codec.Unmarshal(data, &s); err != nil {
		return nil, fmt.Errorf("stored agreements: %w", err)
	}
	b := New(cfg)
	b.height, b.open, b.kept = s.Height, s.Open, s.Kept
	for _, a := range slices.Concat(b.open, b.kept) {
		if a == nil || b.named[a.Name] != nil {
			return nil, fmt.Errorf("stored agreements: damaged")
		}
		b.named[a.Name] = a
	}
	return b, nil
}
