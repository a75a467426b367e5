package codec

import (
	"testing"

	"abad/bft"
)

type sample struct {
	Kind uint8    `cbor:"0,keyasint"`
	Hash bft.Hash `cbor:"1,keyasint,omitzero"`
	Data []byte   `cbor:"2,keyasint,omitempty"`
}

func TestRefusesWhatIsNotOurs(t *testing.T) {
	good := Marshal(sample{Kind: 3, Hash: bft.Sum([]byte("x"))})
	var s sample
	if err := UnmarshalCanonical(good, &s); err != nil || s.Kind != 3 || s.Hash != bft.Sum([]byte("x")) {
		t.Fatalf("round trip: %+v, %v", s, err)
	}
	if got := len(Marshal(sample{Kind: 1})); got != 3 {
		t.Errorf("empty fields take room: %d bytes", got)
	}
	for name, data := range map[string][]byte{
		"trailing byte":     append(append([]byte{}, good...), 0),
		"cut off":           good[:len(good)-1],
		"unknown field":     {0xa1, 0x18, 0x63, 0x00},
		"duplicate key":     {0xa2, 0x00, 0x01, 0x00, 0x01},
		"indefinite length": {0xbf, 0x00, 0x01, 0xff},
		"short hash":        {0xa1, 0x01, 0x41, 0x00},
		"tag":               {0xc1, 0x00},
		"empty":             {},
	} {
		var s sample
		if err := Unmarshal(data, &s); err == nil {
			t.Errorf("%s: accepted as %+v", name, s)
		}
	}
	long := []byte{0xa1, 0x00, 0x18, 0x03} // 3 in two bytes
	if err := UnmarshalCanonical(long, &s); err != ErrNotCanonical {
		t.Errorf("a longer spelling: %v", err)
	}
}

func FuzzUnmarshalCanonical(f *testing.F) {
	f.Add(Marshal(sample{Kind: 3, Data: []byte("abc")}))
	f.Fuzz(func(t *testing.T, data []byte) {
		var a, b sample
		if UnmarshalCanonical(data, &a) != nil {
			return
		}
		if err := UnmarshalCanonical(Marshal(a), &b); err != nil || string(Marshal(a)) != string(Marshal(b)) {
			t.Fatalf("%+v came back as %+v: %v", a, b, err)
		}
	})
}
