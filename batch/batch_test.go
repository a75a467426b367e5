package batch

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"abad/bft"
)

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := Begin(Salt(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "salt")))
		var want []Value
		for range rapid.IntRange(1, 20).Draw(t, "values") {
			v := Value{
				ID:      ValueID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id")),
				Payload: rapid.SliceOfN(rapid.Byte(), 1, 300).Draw(t, "payload"),
			}
			before := len(data)
			data = Append(data, v)
			if got := len(data) - before; got != Size(v) {
				t.Fatalf("size %d, want %d", Size(v), got)
			}
			want = append(want, v)
		}
		ids, err := Check(data)
		if err != nil {
			t.Fatal(err)
		}
		got := slices.Collect(Values(data))
		if len(got) != len(want) || len(ids) != len(want) {
			t.Fatalf("%d values and %d ids, want %d", len(got), len(ids), len(want))
		}
		for i := range want {
			if got[i].ID != want[i].ID || ids[i] != want[i].ID || !bytes.Equal(got[i].Payload, want[i].Payload) {
				t.Fatalf("value %d: %v, want %v", i, got[i], want[i])
			}
		}
	})
}

func TestMalformed(t *testing.T) {
	good := Append(Begin(Salt{1}), Value{ID: ValueID{1}, Payload: []byte("abc")})
	if _, err := Check(good); err != nil {
		t.Fatal(err)
	}
	long := Append(Begin(Salt{}), Value{Payload: make([]byte, MaxSize-len(Salt{})-16-4)})
	if _, err := Check(long); err != nil || len(long) != MaxSize {
		t.Errorf("the largest batch, %d bytes: %v", len(long), err)
	}
	for name, data := range map[string][]byte{
		"nothing":        nil,
		"only a salt":    Begin(Salt{}),
		"cut in the id":  good[:20],
		"no length":      good[:32],
		"cut in payload": good[:len(good)-1],
		"empty value":    append(bytes.Clone(good[:32]), 0),
		"long length":    append(bytes.Clone(good[:32]), 0x83, 0x00, 'a', 'b', 'c'),
		"huge length":    append(bytes.Clone(good[:32]), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01),
		"too large":      append(long, 0),
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
	f.Add(Append(Begin(Salt{}), Value{ID: ValueID{1}, Payload: []byte("abc")}))
	f.Fuzz(func(t *testing.T, data []byte) {
		ids, err := Check(data)
		if err != nil {
			return
		}
		again := Begin(Salt(data))
		for v := range Values(data) {
			if len(ids) == 0 || v.ID != ids[0] {
				t.Fatal("ids and values differ")
			}
			ids = ids[1:]
			again = Append(again, v)
		}
		if !bytes.Equal(again, data) || len(ids) > 0 {
			t.Fatal("the same values have another encoding")
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	data := Begin(Salt{})
	for len(data) < 256<<10 {
		data = Append(data, Value{Payload: make([]byte, 250)})
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Check(data); err != nil {
			b.Fatal(err)
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
