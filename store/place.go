package store

import (
	"encoding/binary"
	"errors"
	"fmt"

	"abad/bft"
)

// place is where a batch is.
type place struct {
	file uint64
	at   int64
	size int
}

const (
	placeSize  = 8 + 8 + 4
	placeSize4 = placeSize + 4 // format 4 had a checksum besides the name
)

func (p place) put(record []byte) {
	binary.BigEndian.PutUint64(record, p.file)
	binary.BigEndian.PutUint64(record[8:], uint64(p.at))
	binary.BigEndian.PutUint32(record[16:], uint32(p.size))
}

// decodePlace gives a place, and the digest of what is there.
func decodePlace(key, record []byte) (p place, digest bft.Hash, err error) {
	switch {
	case key[0] == placeKey && (len(record) == placeSize || len(record) == placeSize4):
		digest = bft.Hash(key[1:])
	case key[0] == idsPlaceKey && len(record) == placeSize+len(digest):
		digest = bft.Hash(record[placeSize:])
	default:
		return p, digest, fmt.Errorf("the record of a place of kind %q has %d bytes", key[:1], len(record))
	}
	return place{
		binary.BigEndian.Uint64(record), int64(binary.BigEndian.Uint64(record[8:])),
		int(binary.BigEndian.Uint32(record[16:])),
	}, digest, nil
}

// place reads the record of something in a file.
func (r record) place(key []byte) (p place, digest bft.Hash, err error) {
	err = r.value(func(data []byte) error {
		p, digest, err = decodePlace(key, data)
		return err
	})
	return p, digest, err
}

// gone tells which places lose what they have by entries that are about to be written.
// Nobody else writes.
func (s *Store) gone(entries []entry) (gone []place, err error) {
	recent := map[string]*place{} // nil: removed
	for _, e := range entries {
		if !inFiles(e.key[0]) {
			continue
		}
		old, known := recent[string(e.key)]
		if !known {
			err := s.lookUp([][]byte{e.key}, func(_ []byte, r record) error {
				p, _, err := r.place(e.key)
				old = &p
				return err
			})
			if err != nil && !errors.Is(err, ErrNotFound) {
				return nil, err
			}
		}
		if old != nil {
			gone = append(gone, *old)
		}
		recent[string(e.key)] = nil
		if !e.remove {
			p, _, err := decodePlace(e.key, e.value)
			if err != nil {
				return nil, err
			}
			recent[string(e.key)] = &p
		}
	}
	return gone, nil
}
