package store

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/zeebo/blake3"

	"abad/bft"
)

// A backup is a header, then key and value of every record, each with its length
// before it (unsigned varint), then an empty key, then the BLAKE3-256 digest of
// all that. The digest comes last, so whoever restores reads the file twice: to
// see that it is whole, and to use it.
const backupHeader = "abad-backup 1\n"

// ErrBackup marks a file that is not a whole backup.
var ErrBackup = errors.New("not a whole backup")

// maxBackupKey bounds a key in a backup: those of the store are shorter.
const maxBackupKey = 1 << 10

// Backup writes all that is durable now, as of one moment, while the store goes on.
func (s *Store) Backup(w io.Writer) error {
	digest := blake3.New()
	out := bufio.NewWriterSize(io.MultiWriter(w, digest), 1<<20)
	if _, err := out.WriteString(backupHeader); err != nil {
		return err
	}
	err := s.scan(nil, nil, func(key []byte, r record) error {
		if key[0] == ownKey {
			return nil
		}
		if inFiles(key[0]) { // a backup need not know what is in files
			data, err := s.readFile(key, r)
			if err != nil {
				return err
			}
			plain := append([]byte{batchKey}, key[1:]...)
			if key[0] == idsPlaceKey {
				plain[0] = idsKey
			}
			return errors.Join(putBytes(out, plain), putBytes(out, data))
		}
		return r.value(func(value []byte) error {
			return errors.Join(putBytes(out, key), putBytes(out, value))
		})
	})
	if err == nil {
		err = errors.Join(putBytes(out, nil), out.Flush())
	}
	if err == nil {
		_, err = w.Write(digest.Sum(nil))
	}
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return nil
}

func putBytes(w *bufio.Writer, data []byte) error {
	_, err := w.Write(binary.AppendUvarint(nil, uint64(len(data))))
	if err == nil {
		_, err = w.Write(data)
	}
	return err
}

// Restore makes a store in dir, which must not have one, from a backup. It checks
// the whole backup first, and closes the store.
func Restore(dir string, o Options, backup io.ReadSeeker) error {
	if err := checkBackup(backup); err != nil {
		return err
	}
	if _, err := backup.Seek(0, io.SeekStart); err != nil {
		return err
	}
	o.Identity = nil // the backup's comes with it, and the next Open checks it
	s, err := Open(dir, o)
	if err != nil {
		return err
	}
	if s.Height() > 0 || len(s.Epochs()) > 0 {
		return errors.Join(fmt.Errorf("restore into %q: there is a store already", dir), s.Close())
	}
	return errors.Join(s.fill(backup), s.Close())
}

// fill writes a backup's records in transactions of bounded size.
func (s *Store) fill(backup io.Reader) error {
	var w write
	flush := func() error {
		if len(w.entries) == 0 {
			return nil
		}
		err := s.write(&w)
		w = write{}
		return err
	}
	err := eachBackup(backup, func(key, value []byte) error {
		switch {
		case inFiles(key[0]) || key[0] == ownKey:
			return fmt.Errorf("%w: it has a record of a store's own", ErrBackup)
		case key[0] == batchKey && len(key) == len(digestKey(bft.Hash{})):
			w.batch(bft.Hash(key[1:]), bytes.Clone(value))
		case key[0] == idsKey && len(key) == len(pairKey(idsKey, 0, 0)):
			w.ids(number(key, 0), number(key, 1), bytes.Clone(value))
		default:
			w.set(bytes.Clone(key), bytes.Clone(value))
		}
		if len(w.entries) >= maxEntries/2 || w.inline >= maxInline/2 || w.size().bytes() >= maxGroupPayload {
			return flush()
		}
		return nil
	})
	if err == nil {
		err = flush()
	}
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	return nil
}

func checkBackup(r io.Reader) error {
	digest := blake3.New()
	in := bufio.NewReaderSize(r, 1<<20)
	tee := &hashing{in, digest}
	if err := readBackup(tee, func(_, _ []byte) error { return nil }); err != nil {
		return err
	}
	var want [32]byte
	if _, err := io.ReadFull(in, want[:]); err != nil || !bytes.Equal(want[:], digest.Sum(nil)) {
		return fmt.Errorf("%w: the digest at its end does not match", ErrBackup)
	}
	if _, err := in.ReadByte(); err != io.EOF {
		return fmt.Errorf("%w: something follows its end", ErrBackup)
	}
	return nil
}

func eachBackup(r io.Reader, fn func(key, value []byte) error) error {
	return readBackup(&hashing{bufio.NewReaderSize(r, 1<<20), blake3.New()}, fn)
}

// hashing reads and takes the digest of what was read.
type hashing struct {
	in     *bufio.Reader
	digest hash.Hash
}

func (h *hashing) Read(p []byte) (int, error) {
	n, err := h.in.Read(p)
	h.digest.Write(p[:n])
	return n, err
}

func (h *hashing) ReadByte() (byte, error) {
	b, err := h.in.ReadByte()
	if err == nil {
		h.digest.Write([]byte{b})
	}
	return b, err
}

// readBackup calls fn for every record; the slices are valid during the call.
func readBackup(r *hashing, fn func(key, value []byte) error) error {
	header := make([]byte, len(backupHeader))
	if _, err := io.ReadFull(r, header); err != nil || string(header) != backupHeader {
		return fmt.Errorf("%w: it does not begin like one", ErrBackup)
	}
	var key, value []byte
	var err error
	for {
		if key, err = getBytes(r, key, maxBackupKey); err != nil {
			return err
		}
		if len(key) == 0 {
			return nil
		}
		if value, err = getBytes(r, value, MaxRecord); err != nil {
			return err
		}
		if err := fn(key, value); err != nil {
			return err
		}
	}
}

func getBytes(r *hashing, buf []byte, limit uint64) ([]byte, error) {
	n, err := binary.ReadUvarint(r)
	if err != nil || n > limit {
		return nil, fmt.Errorf("%w: it is cut off or damaged", ErrBackup)
	}
	if uint64(cap(buf)) < n {
		buf = make([]byte, n)
	}
	buf = buf[:n]
	if _, err := io.ReadFull(r, buf); err != nil {
		return nil, fmt.Errorf("%w: it is cut off", ErrBackup)
	}
	return buf, nil
}
