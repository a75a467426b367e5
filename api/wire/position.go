package wire

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Position is a place in the log: a block's height and an index among the
// block's values. The text form is "12.3"; "12" means "12.0". As a place to read
// from, an index past the block's end means the start of the next block.
type Position struct{ Block, Index uint64 }

// ParsePosition reads the text form: decimal digits, without sign or space.
func ParsePosition(text string) (Position, error) {
	height, index, dotted := strings.Cut(text, ".")
	if !dotted {
		index = "0"
	}
	block, err1 := strconv.ParseUint(height, 10, 64)
	at, err2 := strconv.ParseUint(index, 10, 64)
	if err1 != nil || err2 != nil {
		return Position{}, fmt.Errorf("%q is not a position like 12 or 12.3", text)
	}
	return Position{block, at}, nil
}

// Append adds the text form to buf.
func (p Position) Append(buf []byte) []byte {
	buf = strconv.AppendUint(buf, p.Block, 10)
	buf = append(buf, '.')
	return strconv.AppendUint(buf, p.Index, 10)
}

// String is the text form with both numbers.
func (p Position) String() string { return string(p.Append(nil)) }

// MarshalText gives the text form.
func (p Position) MarshalText() ([]byte, error) { return p.Append(nil), nil }

// UnmarshalText reads the text form.
func (p *Position) UnmarshalText(text []byte) (err error) {
	*p, err = ParsePosition(string(text))
	return err
}

// Next is where to go on reading after the value at p. No block has so many
// values that the last index matters.
func (p Position) Next() Position {
	if p.Index < math.MaxUint64 {
		p.Index++
	}
	return p
}

// Before reports whether p comes before q in the log.
func (p Position) Before(q Position) bool {
	return p.Block < q.Block || p.Block == q.Block && p.Index < q.Index
}
