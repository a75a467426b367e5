package store

import (
	"os"
	"path/filepath"
	"testing"
	"unsafe"
)

func TestWholePages(t *testing.T) {
	for _, size := range []int{pageSize, 3 * pageSize, 81 * pageSize} {
		data := wholePages(size)
		if at := uintptr(unsafe.Pointer(&data[0])); len(data) != size || cap(data) != size || at%pageSize != 0 {
			t.Errorf("%d bytes, room for %d, at %x; want %d", len(data), cap(data), at, size)
		}
	}
}

// Where direct writes do not work, the others do.
func TestPagesWithoutDirectWrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := openPages(path, true) // no page can be read from an empty file
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(make([]byte, 3), 5); err != nil {
		t.Errorf("a write of no whole page: %v", err)
	}
}
