package wire

import (
	"encoding/base64"
	"encoding/hex"
	"strconv"

	"abad/batch"
)

// IDHeader is the request header of a submission that names the value; answers
// repeat it. The name is that of the IETF draft on idempotency keys; the value
// is 32 hexadecimal digits.
const IDHeader = "Idempotency-Key"

// RequestIDHeader names a request in logs. Every answer has it: the caller's if
// that has up to 64 letters, digits and - _ . : / + =, else one of the server's.
const RequestIDHeader = "X-Request-Id"

// Receipt is the answer to a submission that is in a block.
type Receipt struct {
	Block uint64        `json:"block"` // height
	Index uint64        `json:"index"` // among the block's values, from 0
	ID    batch.ValueID `json:"id"`
	MS    float64       `json:"ms"`              // from the node's taking it to the block, milliseconds
	Ahead bool          `json:"ahead,omitempty"` // the node is behind and does not have the block yet; f+1 others do
}

// Pending is the answer to a submission that was taken and is in no block yet.
type Pending struct {
	ID      batch.ValueID `json:"id"`
	Pending bool          `json:"pending"` // true
}

// Entry is a value in the log.
type Entry struct {
	Block uint64        `json:"block"`
	Index uint64        `json:"index"`
	ID    batch.ValueID `json:"id"`
	Value []byte        `json:"value"`
}

// Position is the entry's place in the log.
func (e Entry) Position() Position { return Position{e.Block, e.Index} }

// Append adds the entry as JSON to buf: what encoding/json would write, without
// its allocations, because the log is read a million entries at a time.
func (e Entry) Append(buf []byte) []byte {
	buf = append(buf, `{"block":`...)
	buf = strconv.AppendUint(buf, e.Block, 10)
	buf = append(buf, `,"index":`...)
	buf = strconv.AppendUint(buf, e.Index, 10)
	buf = append(buf, `,"id":"`...)
	buf = hex.AppendEncode(buf, e.ID[:])
	buf = append(buf, `","value":"`...)
	buf = base64.StdEncoding.AppendEncode(buf, e.Value)
	return append(buf, `"}`...)
}

// EntrySize is the most bytes that [Entry.Append] writes for a payload of so many
// bytes: two numbers of 20 digits, the id and 40 bytes of JSON around them.
func EntrySize(payload int) int {
	return base64.StdEncoding.EncodedLen(payload) + 2*20 + 2*len(batch.ValueID{}) + 40
}

// Page is a piece of the log.
type Page struct {
	Values []Entry  `json:"values"`
	Next   Position `json:"next"`   // where to go on reading
	Height uint64   `json:"height"` // the last block; the log ends here when Next is beyond
}

// End reports whether nothing follows the page yet.
func (p Page) End() bool { return p.Next.Block > p.Height }

// Error is the body of every answer that is not a success.
type Error struct {
	Error string `json:"error"`
	Hint  string `json:"hint,omitempty"` // what to do about it

	RequestID string `json:"request_id,omitempty"` // as in the node's log
}
