package store

import (
	"os"
	"unsafe"
)

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
		if _, err = f.ReadAt(wholePages(redoPage), 0); err == nil {
			return f, nil
		}
		f.Close()
	}
	return os.OpenFile(path, os.O_RDWR|dsync, 0)
}

// wholePages makes a slice that begins where a page of memory does, as direct writes
// need it. Its size is a multiple of a page's.
func wholePages(size int) []byte {
	data := make([]byte, size+redoPage-1)
	skip := -uintptr(unsafe.Pointer(unsafe.SliceData(data))) % redoPage
	return data[skip:][:size:size]
}
