package proof

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"testing"

	"abad/batch"
	"abad/bft"
	"abad/coin"
	"abad/ledger"
)

// world is a block of several batches, certified by a real threshold key.
type world struct {
	key         *coin.PublicKey
	block       *ledger.Block
	certificate []byte
	batches     [][]byte
}

func newWorld(t testing.TB, batches ...[]byte) world {
	t.Helper()
	group, secrets, err := coin.Deal(4, 2, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	w := world{key: group.PublicKey(), batches: batches, block: &ledger.Block{Header: ledger.BlockHeader{Version: 1, Epoch: 7}}}
	var digests []bft.Hash
	for _, data := range batches {
		w.block.Batches = append(w.block.Batches, ledger.Taken{Digest: batch.Digest(data), Total: uint32(batch.Count(data))})
		digests = append(digests, batch.Digest(data))
	}
	w.block.Header.Root = ledger.MerkleRoot(digests)
	msg := coin.BlockMessage(w.block.Hash())
	var shares []coin.Share
	for _, s := range secrets[1:3] {
		key, err := coin.NewKey(group, s)
		if err != nil {
			t.Fatal(err)
		}
		shares = append(shares, coin.Share{From: s.ID(), Sig: key.Sign(msg)})
	}
	if w.certificate, err = group.Combine(msg, shares); err != nil {
		t.Fatal(err)
	}
	return w
}

func build(salt byte, payloads ...[]byte) []byte {
	b := batch.NewBuilder([16]byte{salt})
	for i, p := range payloads {
		b.Add(batch.Value{ID: batch.ValueID{salt, byte(i)}, Payload: p})
	}
	return b.Bytes()
}

func long(n int) []byte { return bytes.Repeat([]byte("0123456789abcdef"), n/16+1)[:n] }

func TestEveryValueOfABlock(t *testing.T) {
	for _, count := range []int{1, 2, 3, 5, 8} {
		var batches [][]byte
		for i := range count {
			batches = append(batches, build(byte(i), []byte("a"), long(3000), []byte("b"), long(1024*(i+1)), []byte("c")))
		}
		w := newWorld(t, batches...)
		for _, data := range batches {
			for i, v := range batch.Values(data) {
				p, err := New(w.block, w.certificate, data, i)
				if err != nil {
					t.Fatal(err)
				}
				again, err := Decode(p.Encode())
				if err != nil {
					t.Fatal(err)
				}
				if err := again.Verify(w.key, v); err != nil {
					t.Errorf("%d batches, record %d: %v", count, i, err)
				}
				if size := len(p.Encode()); size > len(v.Payload)+12<<10 {
					t.Errorf("the proof of %d bytes has %d", len(v.Payload), size)
				}
			}
		}
	}
}

func TestWhatDoesNotHold(t *testing.T) {
	w := newWorld(t, build(1, []byte("one"), long(2000)), build(2, []byte("two")))
	other := newWorld(t, w.batches...)
	v := batch.At(w.batches[0], 1)
	good, err := New(w.block, w.certificate, w.batches[0], 1)
	if err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"another key":     good.Verify(other.key, v),
		"another id":      good.Verify(w.key, batch.Value{ID: batch.ValueID{9}, Payload: v.Payload}),
		"another value":   good.Verify(w.key, batch.Value{ID: v.ID, Payload: []byte("x")}),
		"a shorter value": good.Verify(w.key, batch.Value{ID: v.ID, Payload: v.Payload[:1999]}),
	} {
		if !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, change := range map[string]func(*Proof){
		"another height":    func(p *Proof) { p.Header.Epoch++ },
		"another root":      func(p *Proof) { p.Header.Root[0]++ },
		"no certificate":    func(p *Proof) { p.Certificate = nil },
		"another batch":     func(p *Proof) { p.Batch = batch.Digest(w.batches[1]) },
		"another place":     func(p *Proof) { p.Place = 1 },
		"more batches":      func(p *Proof) { p.Batches = 3 },
		"no path":           func(p *Proof) { p.Path = nil },
		"a longer path":     func(p *Proof) { p.Path = append(p.Path, bft.Hash{}) },
		"another record":    func(p *Proof) { p.Record = 0 },
		"a record beyond":   func(p *Proof) { p.Record = 2 },
		"another beginning": func(p *Proof) { p.Begin++ },
		"no count":          func(p *Proof) { p.Count = nil },
		"the ends as count": func(p *Proof) { p.Count = p.Ends[:8] },
		"another size":      func(p *Proof) { p.Count[0]++; p.Ends[0]++; p.Bytes[0]++ },
		"bytes cut off":     func(p *Proof) { p.Bytes = p.Bytes[:len(p.Bytes)-1] },
		"a changed byte":    func(p *Proof) { p.Bytes[len(p.Bytes)-1]++ },
	} {
		p, err := Decode(good.Encode())
		if err != nil {
			t.Fatal(err)
		}
		change(p)
		if err := p.Verify(w.key, v); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := New(w.block, w.certificate, build(3, []byte("x")), 0); err == nil {
		t.Error("a batch that is not in the block")
	}
	if _, err := New(w.block, w.certificate, w.batches[0], 2); err == nil {
		t.Error("a record that is not in the batch")
	}
}

// Flipping any one bit of a proof leaves it without effect or breaks it; it never
// proves something else.
func TestEveryFlippedByte(t *testing.T) {
	w := newWorld(t, build(1, []byte("one"), []byte("and two")), build(2, []byte("three")))
	v := batch.At(w.batches[0], 1)
	good, err := New(w.block, w.certificate, w.batches[0], 1)
	if err != nil {
		t.Fatal(err)
	}
	data := good.Encode()
	for i := range data {
		bad := bytes.Clone(data)
		bad[i] ^= 1 << (i % 8)
		p, err := Decode(bad)
		if err != nil {
			continue
		}
		if err := p.Verify(w.key, v); err == nil {
			t.Errorf("byte %d of %d makes no difference", i, len(data))
		}
	}
}

// A value cannot be faked inside another value's payload: its bytes are in the
// batch, but no entry of the table points to them.
func TestRecordInsideAPayload(t *testing.T) {
	fake := batch.Value{ID: batch.ValueID{0xfa}, Payload: []byte("pay mallory")}
	hidden := append(append(long(100), fake.ID[:]...), fake.Payload...)
	w := newWorld(t, build(1, hidden, []byte("x")))
	p, err := New(w.block, w.certificate, w.batches[0], 0)
	if err != nil {
		t.Fatal(err)
	}
	begin := bytes.Index(w.batches[0], fake.ID[:1])
	p.Begin = uint32(begin)
	if err := p.Verify(w.key, fake); !errors.Is(err, ErrInvalid) {
		t.Errorf("a hidden record: %v", err)
	}
}

func FuzzVerify(f *testing.F) {
	w := newWorld(f, build(1, []byte("one"), []byte("two")))
	p, err := New(w.block, w.certificate, w.batches[0], 0)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(p.Count, p.Ends, p.Bytes, uint32(0), uint32(16))
	f.Fuzz(func(t *testing.T, count, ends, record []byte, number, begin uint32) {
		q := p
		q.Count, q.Ends, q.Bytes, q.Record, q.Begin = count, ends, record, number, begin
		got, err := q.record()
		if err != nil {
			return
		}
		if want := batch.At(w.batches[0], int(number)); fmt.Sprintf("%s%s", want.ID[:], want.Payload) != string(got) {
			t.Fatalf("record %d is proved to be %q", number, got)
		}
	})
}

func BenchmarkNew(b *testing.B) {
	builder := batch.NewBuilder([16]byte{})
	for builder.Size() < 256<<10 {
		builder.Add(batch.Value{Payload: long(250)})
	}
	data := builder.Bytes()
	w := newWorld(b, data)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := New(w.block, w.certificate, data, 500); err != nil {
			b.Fatal(err)
		}
	}
}
