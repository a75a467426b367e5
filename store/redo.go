package store

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/zeebo/blake3"
)

// The redo log is what makes a small write cheap. A transaction of badger's syncs two
// memory-mapped, growing files, and so the file system's own journal; the redo log is
// one file of a fixed size that is written in place: one system call, one request to
// the disk. What it holds is in memory too ([recent]), until enough has come together
// for a transaction, which says up to which write it has everything. The log has two
// halves: while the transaction with what is in the one is under way, which takes tens
// of milliseconds, writes go on in the other.
//
// The file is a page with a key, then records, each from a page's start on, so that
// writing one cannot tear another:
//
//	MAC (16 bytes) | number (8) | size of the rest (4) | entries
//
// Numbers follow each other. The MAC is keyed BLAKE3: what is left of older records
// lies behind the last one, and clients choose what is in it.
const (
	redoFile   = "REDO"
	redoSize   = 4 << 20
	redoMiddle = redoSize / 2
	redoMagic  = "abad-redo 1\n"
	redoKeyLen = 32
	macLen     = 16
	redoHead   = macLen + 8 + 4

	// maxRedo is the payload from which a write goes to badger at once: large values
	// reach the disk one time, small ones two times.
	maxRedo = 64 << 10
	// maxRedoInline bounds the rest of such a write, for one record to fit.
	maxRedoInline = maxInline / 4
)

// halves are where those of the log begin and end.
var halves = [2]struct{ begin, end int64 }{{pageSize, redoMiddle}, {redoMiddle, redoSize}}

// redo is the open log.
type redo struct {
	file    *os.File // synced at each write
	mac     *blake3.Hasher
	at      int64  // where the next record begins
	half    int    // in which of the halves
	scratch []byte // of whole pages: what is being written

	undivided bool // it was found as format 2 had it, without halves
}

// createRedo makes an empty log in place of any that is there.
func createRedo(dir string) (err error) {
	path := filepath.Join(dir, redoFile)
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	page := make([]byte, pageSize)
	n := copy(page, redoMagic)
	rand.Read(page[n : n+redoKeyLen]) // never fails
	copy(page[n+redoKeyLen:], headSum(page))
	// Zeros and not a hole: writing in place must need no room.
	_, err = f.Write(append(page, make([]byte, redoSize-pageSize)...))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// headSum is the checksum of the first page's magic and key.
func headSum(page []byte) []byte {
	sum := blake3.Sum256(page[:len(redoMagic)+redoKeyLen])
	return sum[:macLen]
}

// redoRecord is one that was read.
type redoRecord struct {
	number  uint64
	entries []entry // their slices stay valid
	turned  bool    // it is in another half than the one before it
}

// openRedo opens the log, and reads the records behind the numbered one in their order.
func openRedo(dir string, last uint64, sync bool) (*redo, []redoRecord, error) {
	path := filepath.Join(dir, redoFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, damaged(redoFile, "it is missing")
	}
	if err != nil {
		return nil, nil, err
	}
	r, err := headed(data)
	if err != nil {
		return nil, nil, err
	}
	records := r.follow(data, last)
	if len(records) > 0 {
		last = records[len(records)-1].number
	}
	// A record begins only when the one before it is on disk.
	for at := int64(pageSize); at < redoSize; at += pageSize {
		later, body := binary.BigEndian.Uint64(data[at+macLen:]), binary.BigEndian.Uint32(data[at+macLen+8:])
		if later <= last+1 || body > maxRedo+maxRedoInline {
			continue // most pages begin with none: this looks less long at them
		}
		if _, _, size := r.read(data[at:]); size > 0 {
			return nil, nil, damaged(redoFile, "what follows write %d cannot be read, and write %d is there", last, later)
		}
	}
	if r.file, err = openPages(path, sync); err != nil {
		return nil, nil, err
	}
	return r, records, nil
}

// follow reads the records behind the numbered one, and goes to their end.
func (r *redo) follow(data []byte, last uint64) (records []redoRecord) {
	for _, half := range []int{0, 1, 0} {
		turned := len(records) > 0
		for at := halves[half].begin; at < redoSize; at = r.at {
			number, entries, size := r.read(data[at:])
			if size == 0 || number != last+1 {
				break
			}
			records = append(records, redoRecord{number, entries, turned})
			r.half, r.at, last, turned = half, at+size, number, false
			if r.at == redoMiddle {
				break
			}
		}
	}
	r.undivided = r.at > halves[r.half].end
	return records
}

// headed checks the first page.
func headed(data []byte) (*redo, error) {
	key := len(redoMagic)
	if len(data) != redoSize || string(data[:key]) != redoMagic || !bytes.Equal(data[key+redoKeyLen:][:macLen], headSum(data)) {
		return nil, damaged(redoFile, "it does not begin like one")
	}
	mac, err := blake3.NewKeyed(data[key : key+redoKeyLen])
	if err != nil {
		return nil, err
	}
	return &redo{mac: mac, at: pageSize}, nil
}

// read reads the record at the front of data. Its size is 0 if it is not whole.
func (r *redo) read(data []byte) (number uint64, entries []entry, size int64) {
	if len(data) < redoHead {
		return 0, nil, 0
	}
	number = binary.BigEndian.Uint64(data[macLen:])
	body := uint64(binary.BigEndian.Uint32(data[macLen+8:]))
	if body > uint64(len(data)-redoHead) {
		return 0, nil, 0
	}
	end := redoHead + int(body)
	if !bytes.Equal(r.sum(data[macLen:end]), data[:macLen]) {
		return 0, nil, 0
	}
	entries, err := decodeEntries(data[redoHead:end])
	if err != nil {
		return 0, nil, 0 // with this MAC it is ours, so this cannot be
	}
	return number, entries, pages(end)
}

func (r *redo) sum(data []byte) []byte {
	r.mac.Reset()
	r.mac.Write(data)
	return r.mac.Sum(nil)[:macLen]
}

// pages rounds a size up.
func pages(size int) int64 { return int64(size+pageSize-1) / pageSize * pageSize }

// append writes a record and returns its entries, in memory of their own.
func (r *redo) append(number uint64, entries []entry) ([]entry, error) {
	if most := int(pages(redoHead + encodedSize(entries))); most > len(r.scratch) {
		r.scratch = wholePages(most)
	}
	data := r.scratch[:redoHead]
	binary.BigEndian.PutUint64(data[macLen:], number)
	data = encodeEntries(data, entries)
	end := len(data)
	binary.BigEndian.PutUint32(data[macLen+8:], uint32(end-redoHead))
	copy(data, r.sum(data[macLen:]))
	data = data[:pages(end)]
	clear(data[end:])
	if _, err := r.file.WriteAt(data, r.at); err != nil {
		return nil, err
	}
	r.at += int64(len(data))
	return decodeEntries(bytes.Clone(data[redoHead:end]))
}

// room reports whether a record of these entries still fits into this half.
func (r *redo) room(entries []entry) bool {
	return r.at+pages(redoHead+encodedSize(entries)) <= halves[r.half].end
}

// turn begins the other half anew. Badger has, or will have before the next turn, all
// that is in this one.
func (r *redo) turn() {
	r.half = 1 - r.half
	r.restart()
}

// restart begins this half anew: badger has all that is in the log.
func (r *redo) restart() { r.at = halves[r.half].begin }

// An entry is the key's length, doubled and with one more for a removal, the key, the
// value's length and the value. Lengths are unsigned varints.

func encodedSize(entries []entry) (size int) {
	for _, e := range entries {
		size += 2*binary.MaxVarintLen32 + len(e.key) + len(e.value)
	}
	return size
}

func encodeEntries(data []byte, entries []entry) []byte {
	for _, e := range entries {
		head := uint64(len(e.key)) << 1
		if e.remove {
			head |= 1
		}
		data = append(binary.AppendUvarint(data, head), e.key...)
		data = append(binary.AppendUvarint(data, uint64(len(e.value))), e.value...)
	}
	return data
}

var errEntries = errors.New("entries of a redo record are malformed")

// decodeEntries gives entries that share memory with data.
func decodeEntries(data []byte) (entries []entry, err error) {
	part := func(shift int) (low uint64, part []byte) {
		head, n := binary.Uvarint(data)
		if n <= 0 || head>>shift > uint64(len(data)-n) {
			err = errEntries
			return 0, nil
		}
		end := n + int(head>>shift)
		part, data = data[n:end:end], data[end:]
		return head, part
	}
	for len(data) > 0 && err == nil {
		head, key := part(1)
		if err == nil {
			_, value := part(0)
			entries = append(entries, entry{key: key, value: value, remove: head&1 == 1})
		}
	}
	return entries, err
}
