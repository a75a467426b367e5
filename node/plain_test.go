package node

import (
	"encoding/binary"
	"testing"

	"abad/agree"
	"abad/batch"
	"abad/bft"
)

// Only batches without a proposal are plain, and of those the last ones.
func TestPlain(t *testing.T) {
	p := newPlain()
	name := func(i int) bft.Hash { return bft.Sum(binary.BigEndian.AppendUint64(nil, uint64(i))) }
	of := func(payloads ...[]byte) []byte {
		b := batch.NewBuilder([16]byte{})
		for i, payload := range payloads {
			b.Add(batch.Value{ID: batch.ValueID{byte(i)}, Payload: payload})
		}
		return b.Bytes()
	}
	proposal := agree.Proposal{}.Encode()
	p.note(name(0), of([]byte("a value"), proposal, []byte("another")))
	if p.has(name(0)) {
		t.Error("a batch with a proposal is plain")
	}
	p.note(name(0), of(append([]byte("not at the beginning: "), proposal...)))
	if !p.has(name(0)) {
		t.Error("a batch without a proposal is not plain")
	}
	const more = 10
	for i := 1; i <= plainBatches+more; i++ {
		p.note(name(i), of([]byte("value")))
		p.note(name(i), of([]byte("value"))) // once more, from another peer
	}
	for i := 1; i <= plainBatches+more; i++ {
		if p.has(name(i)) != (i > more) {
			t.Fatalf("batch %d of %d is known: %t", i, plainBatches+more, p.has(name(i)))
		}
	}
	if len(p.set) != plainBatches {
		t.Errorf("%d batches are remembered, at most %d", len(p.set), plainBatches)
	}
}
