package store

import (
	"encoding/binary"

	"abad/bft"
)

// The families of keys. Numbers are big-endian, so that badger's order is ours.
const (
	metaKey        = 'm' // name                -> data
	batchKey       = 'b' // digest              -> payload of a small batch
	placeKey       = 'f' // digest              -> place of a large one
	pendingKey     = 'p' // arrival             -> pendingRecord
	journalKey     = 'j' // epoch, sequence     -> part of the epoch's record stream
	blockKey       = 'B' // height              -> record
	idsKey         = 'i' // height, part        -> value ids
	idsPlaceKey    = 'I' // height, part        -> place of many value ids, and their digest
	certificateKey = 'c' // height              -> certificate
	ownKey         = 's' // name                -> what badger's part of the store says of itself
)

// foldedKey has the number of the last write that badger has, and so all before it;
// the redo log has the later ones.
var foldedKey = []byte{ownKey, 'f'}

// formatName is the meta record that says what wrote the database. It begins
// with a zero byte, which no caller's name may contain.
const formatName = "\x00format"

func namedKey(name string) []byte { return append([]byte{metaKey}, name...) }

func digestKey(d bft.Hash) []byte { return append([]byte{batchKey}, d[:]...) }

func placeOf(d bft.Hash) []byte { return append([]byte{placeKey}, d[:]...) }

// inFiles reports whether a family's records are places in a file.
func inFiles(family byte) bool { return family == placeKey || family == idsPlaceKey }

func numberKey(family byte, n uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{family}, n)
}

func pairKey(family byte, n, m uint64) []byte {
	return binary.BigEndian.AppendUint64(numberKey(family, n), m)
}

// number reads the i-th number of a key.
func number(key []byte, i int) uint64 { return binary.BigEndian.Uint64(key[1+8*i:]) }
