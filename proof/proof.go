// Package proof lets a stranger check that a value is in the log, with nothing
// but the cluster's 96-byte public key. A proof climbs from the value to the key:
//
//	the value is record i of a batch   three Bao slices of the batch, below
//	the batch is in a block            a Merkle path (RFC 6962) to the root in the block's header
//	the block is the cluster's         a threshold signature of the header's hash by f+1 nodes
//
// What is proved: a block of the cluster lists a batch whose record i is this id
// with this value. Correct nodes check a batch's form before they vouch for it, so
// its table of ends can be believed; that is why the record's place is proved
// through the table and a value cannot be faked inside another one's payload. An
// id may occur in several batches; the log takes the first one, by a rule that a
// single proof does not show.
//
// BLAKE3 is a tree, and a batch's name is its root; a Bao slice is a range of the
// bytes with the hashes beside it (Bao specification, "Slices"). The slices are
// the count in the last four bytes, which also fixes the length; the record's two
// ends; and the record.
package proof

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"lukechampine.com/blake3/bao"

	"abad/batch"
	"abad/bft"
	"abad/codec"
	"abad/coin"
	"abad/ledger"
)

// Proof is everything beside the value that a check needs.
type Proof struct {
	Header      ledger.BlockHeader `cbor:"0,keyasint"`
	Certificate []byte             `cbor:"1,keyasint"` // threshold signature, 48 bytes
	Batch       bft.Hash           `cbor:"2,keyasint"`
	Place       uint32             `cbor:"3,keyasint"` // of the batch in its block, from 0
	Batches     uint32             `cbor:"4,keyasint"` // in the block
	Path        []bft.Hash         `cbor:"5,keyasint,omitempty"`
	Record      uint32             `cbor:"6,keyasint"` // of the value in its batch, from 0
	Begin       uint32             `cbor:"7,keyasint"` // where the record begins in the batch
	Count       []byte             `cbor:"8,keyasint"` // slices
	Ends        []byte             `cbor:"9,keyasint"`
	Bytes       []byte             `cbor:"10,keyasint"`
}

// ErrInvalid marks a proof that proves nothing.
var ErrInvalid = errors.New("the proof does not hold")

// group is Bao's chunk group: slices of single chunks of 1 KiB, the shortest.
const group = 0

// New proves that value record of the batch in data is in block. The batch must
// be one of the block's, and have such a record.
func New(block *ledger.Block, certificate []byte, data []byte, record int) (Proof, error) {
	digest := batch.Digest(data)
	var leaves []bft.Hash
	place := -1
	for i, t := range block.Batches {
		leaves = append(leaves, t.Digest)
		if t.Digest == digest {
			place = i
		}
	}
	if place < 0 || record < 0 || record >= batch.Count(data) {
		return Proof{}, fmt.Errorf("record %d of batch %s is not in block %d", record, digest.Short(), block.Header.Epoch)
	}
	begin, end := batch.Span(data, record)
	p := Proof{
		Header: block.Header, Certificate: certificate, Batch: digest,
		Place: uint32(place), Batches: uint32(len(leaves)), Path: ledger.MerklePath(leaves, place),
		Record: uint32(record), Begin: uint32(begin),
	}
	outboard, _ := bao.EncodeBuf(data, group, true)
	slice := func(begin, end int) []byte {
		var buf bytes.Buffer
		// Beside an outboard, the data is read from the range's first chunk on.
		chunks := bytes.NewReader(data[begin/1024*1024:])
		err := bao.ExtractSlice(&buf, chunks, bytes.NewReader(outboard), group, uint64(begin), uint64(end-begin))
		if err != nil {
			panic("proof: internal error: " + err.Error()) // readers and writers in memory
		}
		return buf.Bytes()
	}
	table := batch.Table(len(data), batch.Count(data), record)
	p.Count = slice(len(data)-4, len(data))
	p.Ends = slice(table.Begin, table.End)
	p.Bytes = slice(begin, end)
	return p, nil
}

// Verify checks that the value with this id is in the log of the cluster with
// this key, in the block that the header describes.
func (p *Proof) Verify(key *coin.PublicKey, v batch.Value) error {
	hash := p.Header.Hash()
	if err := key.Verify(coin.BlockMessage(hash), p.Certificate); err != nil {
		return fmt.Errorf("%w: block %d is not certified by this key: %w", ErrInvalid, p.Header.Epoch, err)
	}
	if !ledger.VerifyPath(p.Header.Root, p.Batch, int(p.Place), int(p.Batches), p.Path) {
		return fmt.Errorf("%w: the batch is not in block %d", ErrInvalid, p.Header.Epoch)
	}
	record, err := p.record()
	if err != nil {
		return err
	}
	if id := v.ID[:]; !bytes.HasPrefix(record, id) || !bytes.Equal(record[len(id):], v.Payload) {
		return fmt.Errorf("%w: the record is another value", ErrInvalid)
	}
	return nil
}

// record checks the slices and returns the record's bytes: id and payload.
func (p *Proof) record() ([]byte, error) {
	size, err := sliceSize(p.Count, p.Ends, p.Bytes)
	if err != nil {
		return nil, err
	}
	tail, err := p.open(p.Count, size-4, size)
	if err != nil {
		return nil, err
	}
	count := int64(binary.BigEndian.Uint32(tail))
	if int64(p.Record) >= count || int64(batch.MinSize(int(count))) > size {
		return nil, fmt.Errorf("%w: record %d of %d", ErrInvalid, p.Record, count)
	}
	table := batch.Table(int(size), int(count), int(p.Record))
	ends, err := p.open(p.Ends, int64(table.Begin), int64(table.End))
	if err != nil {
		return nil, err
	}
	begin, end := table.Read(ends)
	if begin != int(p.Begin) || end <= begin+len(batch.ValueID{}) || int64(end) > size {
		return nil, fmt.Errorf("%w: the record is from byte %d to %d", ErrInvalid, begin, end)
	}
	return p.open(p.Bytes, int64(begin), int64(end))
}

// open verifies a slice and returns just the bytes of its range.
func (p *Proof) open(slice []byte, begin, end int64) ([]byte, error) {
	got, ok := bao.VerifySlice(slice, group, uint64(begin), uint64(end-begin), p.Batch)
	if !ok || int64(len(got)) != end-begin {
		return nil, fmt.Errorf("%w: bytes %d to %d are not the batch's", ErrInvalid, begin, end)
	}
	return got, nil
}

// sliceSize reads the length of the whole batch that each slice begins with, and
// that the slice of the last bytes proves.
func sliceSize(slices ...[]byte) (int64, error) {
	size := int64(-1)
	for _, s := range slices {
		if len(s) < 8 {
			return 0, fmt.Errorf("%w: a slice is cut off", ErrInvalid)
		}
		n := binary.LittleEndian.Uint64(s)
		if n < uint64(batch.MinSize(1)) || n > batch.MaxSize || size >= 0 && int64(n) != size {
			return 0, fmt.Errorf("%w: a batch of %d bytes", ErrInvalid, n)
		}
		size = int64(n)
	}
	return size, nil
}

// Encode gives the proof's bytes.
func (p *Proof) Encode() []byte { return codec.Marshal(p) }

// maxProof bounds what Decode reads: the largest value, its tree, and the rest.
const maxProof = 2 * batch.MaxSize

// Decode reads a proof; Verify says whether it holds.
func Decode(data []byte) (*Proof, error) {
	if len(data) > maxProof {
		return nil, fmt.Errorf("%w: %d bytes", ErrInvalid, len(data))
	}
	p := new(Proof)
	if err := codec.Unmarshal(data, p); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return p, nil
}
