package store

import (
	"io"
	"os"
	"unsafe"
)

// pageSize is a multiple of the block size of disks, as direct writes need it.
const pageSize = 4 << 10

// wholePage is where the page ends that has the byte before at.
func wholePage(at int64) int64 { return (at + pageSize - 1) &^ (pageSize - 1) }

// openPages opens a file of whole pages for writing in place, and with sync each write
// waits for the disk. Where the file system can, such writes go past its cache: they
// would be copied into it only to be flushed at once.
func openPages(path string, sync bool) (*os.File, error) {
	if !sync {
		return os.OpenFile(path, os.O_RDWR, 0)
	}
	f, err := os.OpenFile(path, os.O_RDWR|dsync|direct, 0)
	if err == nil {
		// Reading has the same rules as writing, and harms nothing.
		if _, err = f.ReadAt(wholePages(pageSize), 0); err == nil {
			return f, nil
		}
		f.Close()
	}
	return os.OpenFile(path, os.O_RDWR|dsync, 0)
}

// wholePages makes a slice that begins where a page of memory does, as direct writes
// need it. Its size is a multiple of a page's.
func wholePages(size int) []byte {
	data := make([]byte, size+pageSize-1)
	skip := -uintptr(unsafe.Pointer(unsafe.SliceData(data))) % pageSize
	return data[skip:][:size:size]
}

// writeDirect writes data past the system's cache, from a page's start on, and zeros up
// to the end of its last page. Data that does not begin where a page of memory does, as
// all large slices do, is copied first.
func writeDirect(f *os.File, data []byte, at int64) error {
	whole := len(data) &^ (pageSize - 1)
	pieces := [][]byte{data[:whole]}
	if uintptr(unsafe.Pointer(unsafe.SliceData(data)))%pageSize != 0 {
		pieces[0] = wholePages(whole)
		copy(pieces[0], data)
	}
	if whole < len(data) {
		last := wholePages(pageSize)
		copy(last, data[whole:])
		pieces = append(pieces, last)
	}
	n, err := writev(f, pieces, at)
	if err == nil && int64(n) != wholePage(int64(len(data))) {
		err = io.ErrShortWrite
	}
	return err
}
