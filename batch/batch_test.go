package batch

import (
	"bytes"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"abad/bft"
)

func build(salt byte, payloads ...string) []byte {
	b := NewBuilder([16]byte{salt})
	for i, p := range payloads {
		b.Add(Value{ID: ValueID{byte(i + 1)}, Payload: []byte(p)})
	}
	return b.Bytes()
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := NewBuilder([16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "salt")))
		var want []Value
		for range rapid.IntRange(1, 20).Draw(t, "values") {
			v := Value{
				ID:      ValueID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id")),
				Payload: rapid.SliceOfN(rapid.Byte(), 1, 300).Draw(t, "payload"),
			}
			before := b.Size()
			b.Add(v)
			if got := b.Size() - before; got != Overhead+len(v.Payload) {
				t.Fatalf("the value takes %d bytes, want %d", got, Overhead+len(v.Payload))
			}
			want = append(want, v)
		}
		size := b.Size()
		data := b.Bytes()
		ids, err := Check(data)
		if err != nil || len(data) != size {
			t.Fatalf("%d bytes where %d were promised: %v", len(data), size, err)
		}
		if Count(data) != len(want) || len(ids) != len(want) {
			t.Fatalf("%d values and %d ids, want %d", Count(data), len(ids), len(want))
		}
		for i, v := range Values(data) {
			if v.ID != want[i].ID || ids[i] != want[i].ID || !bytes.Equal(v.Payload, want[i].Payload) {
				t.Fatalf("value %d: %v, want %v", i, v, want[i])
			}
		}
	})
}

func TestMalformed(t *testing.T) {
	good := build(1, "abc", "de")
	if _, err := Check(good); err != nil {
		t.Fatal(err)
	}
	long := build(0, string(make([]byte, MaxSize-saltSize-countSize-Overhead)))
	if _, err := Check(long); err != nil || len(long) != MaxSize {
		t.Errorf("the largest batch, %d bytes: %v", len(long), err)
	}
	change := func(at int, to byte) []byte {
		bad := bytes.Clone(good)
		bad[len(bad)-at] = to
		return bad
	}
	for name, data := range map[string][]byte{
		"nothing":         nil,
		"only a salt":     make([]byte, saltSize),
		"no values":       NewBuilder([16]byte{}).Bytes(),
		"an empty value":  build(0, "abc", ""),
		"cut off":         good[:len(good)-1],
		"a byte more":     append(bytes.Clone(good), 0),
		"too many":        change(1, 3),
		"far too many":    change(4, 0xff),
		"too few":         change(1, 1),
		"end beyond":      change(5, 200),
		"end before":      change(5, 20),
		"first end short": change(9, 0),
		"gap":             append(append(bytes.Clone(good[:len(good)-12]), 0), good[len(good)-12:]...),
		"too large":       build(0, string(make([]byte, MaxSize-saltSize-countSize-Overhead+1))),
	} {
		if ids, err := Check(data); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %d ids, %v", name, len(ids), err)
		}
	}
}

// The empty input's digest as published with BLAKE3's test vectors.
func TestDigest(t *testing.T) {
	const want = "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"
	if got := Digest(nil); got.String() != want {
		t.Errorf("digest of nothing: %s", got)
	}
	if Digest([]byte("a")) == bft.Sum([]byte("a")) {
		t.Error("batches are named by BLAKE3, not SHA-256")
	}
}

func TestValueIDText(t *testing.T) {
	var id ValueID
	if err := id.UnmarshalText([]byte("000102030405060708090a0b0c0d0e0f")); err != nil || id[15] != 15 {
		t.Errorf("%v, %v", id, err)
	}
	for _, bad := range []string{"", "00", "000102030405060708090a0b0c0d0e0", "000102030405060708090a0b0c0d0e0g", "000102030405060708090a0b0c0d0e0f00"} {
		if err := id.UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q accepted", bad)
		}
	}
}

func FuzzCheck(f *testing.F) {
	f.Add(build(1, "abc", "de"))
	f.Fuzz(func(t *testing.T, data []byte) {
		ids, err := Check(data)
		if err != nil {
			return
		}
		b := NewBuilder([16]byte(data))
		for i, v := range Values(data) {
			if v.ID != ids[i] {
				t.Fatal("ids and values differ")
			}
			b.Add(v)
		}
		if b.Values() != len(ids) || !bytes.Equal(b.Bytes(), data) {
			t.Fatal("the same values have another encoding")
		}
	})
}

func usual() []byte {
	builder := NewBuilder([16]byte{})
	for builder.Size() < 256<<10 {
		builder.Add(Value{Payload: make([]byte, 250)})
	}
	return builder.Bytes()
}

func BenchmarkCheck(b *testing.B) {
	data := usual()
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Check(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkValues(b *testing.B) {
	data := usual()
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		var sum byte
		for _, v := range Values(data) {
			sum += v.Payload[0]
		}
		if sum != 0 {
			b.Fatal(sum)
		}
	}
}

func BenchmarkDigest(b *testing.B) {
	data := make([]byte, 256<<10)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		Digest(data)
	}
}
