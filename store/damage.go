package store

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/dgraph-io/badger/v4"
)

// Badger drops the rest of a log from the first record that is not whole, which is
// right for the end that a crash has torn off, and opens a directory of which
// files are missing. Both would make a node forget what it has said. So the files
// are looked at first, and a store that has lost something is refused.
//
// What cannot be told from a torn end is damage to the very last transaction of a
// store that was not closed.

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// advice is what helps against damage.
const advice = "start without the store, or with a backup"

func damaged(file, format string, args ...any) error {
	return fmt.Errorf("%w: %s: %s; %s", ErrDamaged, file, fmt.Sprintf(format, args...), advice)
}

// inspect reads the mark and looks for damage that badger would pass over.
func inspect(dir string) (m mark, err error) {
	unlock, err := tryLock(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil // a new store
	}
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if m, err = readMark(dir); err != nil {
		return m, err
	}
	if err := dropUnborn(dir); err != nil {
		return m, err
	}
	used, err := inspectFiles(dir, m)
	if err != nil || used >= m.Log {
		return m, err
	}
	// Badger removes a newest log that nothing was written to, before it makes the next
	// one: killed in between, it would be missed.
	m.Log = used
	return m, m.write(dir)
}

// dropUnborn removes the log files that a crash has left without a byte: badger makes
// one and then gives it its size, and does not open what was killed in between. It is
// always the newest one. A write-ahead log that has been in use is missing then, and
// that is seen.
func dropUnborn(dir string) error {
	for _, kind := range []string{"*.mem", "*.vlog"} {
		logs, err := filepath.Glob(filepath.Join(dir, kind))
		if err != nil {
			return err
		}
		if len(logs) == 0 {
			continue
		}
		newest := slices.MaxFunc(logs, func(a, b string) int { return cmp.Compare(logNumber(a), logNumber(b)) })
		info, err := os.Stat(newest)
		if err != nil {
			return err
		}
		if info.Size() > 0 {
			continue
		}
		if err := os.Remove(newest); err != nil {
			return err
		}
	}
	return nil
}

// inspectFiles gives the newest write-ahead log that something was written to.
func inspectFiles(dir string, m mark) (used uint64, err error) {
	logs, err := filepath.Glob(filepath.Join(dir, "*.mem"))
	if err != nil {
		return 0, err
	}
	newest := uint64(0)
	for _, path := range logs {
		number := logNumber(path)
		newest = max(newest, number)
		some, err := inspectLog(path)
		if err != nil {
			return 0, err
		}
		if some {
			used = max(used, number)
		}
	}
	if newest < m.Log {
		return 0, damaged("the newest *.mem", "it is missing")
	}
	err = inspectManifest(filepath.Join(dir, badger.ManifestFilename))
	if errors.Is(err, fs.ErrNotExist) {
		if m.exists || len(logs) > 0 {
			return 0, damaged(badger.ManifestFilename, "it is missing")
		}
		return 0, nil // a new store
	}
	return used, err
}

func logNumber(path string) uint64 {
	n, _ := strconv.ParseUint(strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)), 10, 64)
	return n // badger refuses what is not a number
}

// inspectManifest walks over the records, each a length, a CRC-32C and so many
// bytes. A last one that is cut off is torn; one whose length alone is wrong is not.
func inspectManifest(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	const head = 8
	for at := head; len(data)-at >= head; {
		size, sum := uint64(binary.BigEndian.Uint32(data[at:])), binary.BigEndian.Uint32(data[at+4:])
		rest := data[at+head:]
		if size > uint64(len(rest)) {
			for end := range rest {
				if crc32.Checksum(rest[:end+1], castagnoli) == sum {
					return damaged(filepath.Base(path), "the length of a record is wrong")
				}
			}
			return nil
		}
		if crc32.Checksum(rest[:size], castagnoli) != sum {
			return damaged(filepath.Base(path), "a record has a wrong checksum")
		}
		at += head + int(size)
	}
	return nil
}

// finKey begins the key of the entry that ends a transaction in a write-ahead log;
// the transaction's timestamp is the value, in decimal.
var finKey = []byte("!badger!txn")

const (
	logHead  = 20 // bytes before the first entry
	crcSize  = 4
	maxKey   = 1 << 16 // more in an entry's header is no header
	metaFin  = 1 << 7
	finShape = len("!badger!txn") + 8 // key bytes with the timestamp
)

// inspectLog walks over a write-ahead log. Where an entry is not whole, the log may
// be torn: but then no later transaction follows the one that is cut off, as each
// begins only when the one before it is on disk. It reports whether any entry is whole.
func inspectLog(path string) (some bool, err error) {
	data, err := os.ReadFile(path)
	if err != nil || len(data) < logHead {
		return false, err
	}
	at, last, known := logHead, uint64(0), false
	for {
		size, fin, ts := entryAt(data[at:])
		if size == 0 {
			break
		}
		if fin {
			last, known = ts, true
		}
		at += size
	}
	some = at > logHead
	for rest := data[at:]; ; {
		k := bytes.Index(rest, finKey)
		if k < 0 {
			return some, nil
		}
		// Five bytes before the key begin an entry of this shape.
		if k >= 5 {
			if size, fin, ts := entryAt(rest[k-5:]); size > 0 && fin {
				if known && ts > last+1 {
					return some, damaged(filepath.Base(path), "what follows transaction %d cannot be read, and transaction %d is there", last, ts)
				}
				if !known {
					last, known = ts, true // of the first two transactions one may be torn
				}
			}
		}
		rest = rest[k+len(finKey):]
	}
}

// entryAt reads a log entry: its size, 0 if it is not whole, and whether it ends a
// transaction, with its timestamp.
func entryAt(data []byte) (size int, fin bool, ts uint64) {
	if len(data) < 2 {
		return 0, false, 0
	}
	meta, at := data[0], 2
	var lens [3]uint64 // key, value, expiry
	for i := range lens {
		v, n := binary.Uvarint(data[at:])
		if n <= 0 {
			return 0, false, 0
		}
		lens[i], at = v, at+n
	}
	if lens[0] == 0 || lens[0] > maxKey || lens[1] > uint64(len(data)) || uint64(at)+lens[0]+lens[1]+crcSize > uint64(len(data)) {
		return 0, false, 0
	}
	key, end := data[at:at+int(lens[0])], at+int(lens[0]+lens[1])
	if crc32.Checksum(data[:end], castagnoli) != binary.BigEndian.Uint32(data[end:]) {
		return 0, false, 0
	}
	if meta&metaFin != 0 && len(key) == finShape && bytes.HasPrefix(key, finKey) {
		ts, err := strconv.ParseUint(string(data[at+len(key):end]), 10, 64)
		return end + crcSize, err == nil, ts
	}
	return end + crcSize, false, 0
}
