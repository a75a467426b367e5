package wire

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"abad/batch"
)

func TestEntryIsWhatEncodingJSONWrites(t *testing.T) {
	for _, e := range []Entry{
		{},
		{Block: 12, Index: 3, ID: batch.ValueID{1, 2, 0xff}, Value: []byte{0}},
		{Block: math.MaxUint64, Index: math.MaxUint64, ID: batch.ValueID(bytes.Repeat([]byte{0xff}, 16)), Value: bytes.Repeat([]byte{0xfb}, 100)},
	} {
		if e.Value == nil {
			e.Value = []byte{}
		}
		want, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		got := e.Append([]byte("x"))[1:]
		if !bytes.Equal(got, want) {
			t.Errorf("%s, want %s", got, want)
		}
		if len(got) > EntrySize(len(e.Value)) {
			t.Errorf("%d bytes, and EntrySize says %d", len(got), EntrySize(len(e.Value)))
		}
	}
}

func TestPositions(t *testing.T) {
	for text, want := range map[string]Position{
		"0": {}, "12": {12, 0}, "12.3": {12, 3}, "18446744073709551615.18446744073709551615": {math.MaxUint64, math.MaxUint64},
	} {
		if got, err := ParsePosition(text); err != nil || got != want {
			t.Errorf("%s: %v %v", text, got, err)
		}
	}
	for _, text := range []string{"", ".", "1.", ".1", "1.2.3", "-1", "+1", "1_0", " 1", "1 ", "0x1", "1e3", "18446744073709551616", "1.18446744073709551616"} {
		if got, err := ParsePosition(text); err == nil || !strings.Contains(err.Error(), "12.3") {
			t.Errorf("%q: %v %v", text, got, err)
		}
	}
	list := []Position{{0, 0}, {0, 1}, {1, 0}, {1, math.MaxUint64}, {2, 0}}
	for i, p := range list {
		for j, q := range list {
			if p.Before(q) != (i < j) {
				t.Errorf("%s before %s: %t", p, q, p.Before(q))
			}
		}
	}
	if (Position{1, 2}).Next() != (Position{1, 3}) || (Position{1, math.MaxUint64}).Next() != (Position{1, math.MaxUint64}) {
		t.Error("Next")
	}
}

func FuzzPosition(f *testing.F) {
	f.Add("12.3")
	f.Add("0")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePosition(text)
		if err != nil {
			return
		}
		again, err := ParsePosition(p.String())
		if err != nil || again != p {
			t.Fatalf("%q is %v, then %v %v", text, p, again, err)
		}
	})
}
