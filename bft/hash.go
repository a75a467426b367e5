package bft

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Hash is a 32-byte digest: SHA-256 of what nodes agree on (headers, blocks),
// BLAKE3-256 of payload (batches).
type Hash [32]byte

// Sum is the SHA-256 digest of data.
func Sum(data []byte) Hash { return sha256.Sum256(data) }

// IsZero reports whether h is all zero, which stands for "none".
func (h Hash) IsZero() bool { return h == Hash{} }

// String is h in hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// Short is the first 8 hexadecimal digits, for logs and tables.
func (h Hash) Short() string { return hex.EncodeToString(h[:4]) }

// MarshalText gives the hexadecimal form.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText takes 64 hexadecimal digits.
func (h *Hash) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(h)) {
		return fmt.Errorf("a hash has %d hexadecimal digits, not %d", hex.EncodedLen(len(h)), len(text))
	}
	_, err := hex.Decode(h[:], text)
	return err
}

// MarshalBinary gives the 32 bytes.
func (h Hash) MarshalBinary() ([]byte, error) { return h[:], nil }

// UnmarshalBinary takes exactly 32 bytes: a shorter digest must not be padded
// into another one.
func (h *Hash) UnmarshalBinary(data []byte) error {
	if len(data) != len(h) {
		return fmt.Errorf("a hash has %d bytes, not %d", len(h), len(data))
	}
	copy(h[:], data)
	return nil
}
