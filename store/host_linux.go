package store

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// dsync makes each write wait for the disk: for the data, and for what is needed to
// read it, but not for the time of the change.
const dsync = unix.O_DSYNC

// direct makes reads and writes go past the system's cache (open(2)). Both ends of
// them, in the file and in memory, have to be multiples of the disk's block size.
const direct = unix.O_DIRECT

// setDirect makes writes to an open file direct ones, or not. Not every file system can.
func setDirect(f *os.File, on bool) error {
	flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFL, 0)
	if err != nil {
		return err
	}
	flags &^= direct
	if on {
		flags |= direct
	}
	_, err = unix.FcntlInt(f.Fd(), unix.F_SETFL, flags)
	return err
}

// writev writes pieces one behind the other, in one request.
func writev(f *os.File, pieces [][]byte, at int64) (n int, err error) {
	for {
		n, err = unix.Pwritev(int(f.Fd()), pieces, at)
		if err != unix.EINTR {
			return n, err
		}
	}
}

// freeBytes is how much an ordinary user may still write to dir's file system.
func freeBytes(dir string) (uint64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, err
	}
	return st.Bavail * uint64(st.Bsize), nil
}

// allocated is the room that a file takes; badger's newest files are sparse.
func allocated(info fs.FileInfo) int64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return st.Blocks * 512 // stat(2): in units of 512 bytes whatever the block size
	}
	return info.Size()
}

// pageOut takes the value log files in dir, but for the newest, out of this
// process's resident memory. MADV_PAGEOUT (madvise(2), Linux 5.4) changes nothing
// but where pages are, so it does no harm if badger meanwhile unmaps a file and
// the address means something else.
func pageOut(dir string) error {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	files, err := os.ReadDir(dir) // sorted by name, and so by badger's number
	if err != nil {
		return err
	}
	newest := ""
	for _, f := range files {
		if strings.HasSuffix(f.Name(), ".vlog") {
			newest = filepath.Join(dir, f.Name())
		}
	}
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return err
	}
	defer maps.Close()
	lines := bufio.NewScanner(maps)
	for lines.Scan() {
		var from, to uintptr
		at := strings.Index(lines.Text(), dir+"/")
		if at < 0 || !strings.HasSuffix(lines.Text(), ".vlog") || lines.Text()[at:] == newest {
			continue
		}
		if _, err := fmt.Sscanf(lines.Text(), "%x-%x ", &from, &to); err != nil {
			return fmt.Errorf("/proc/self/maps: %w", err)
		}
		if _, _, errno := unix.Syscall(unix.SYS_MADVISE, from, to-from, unix.MADV_PAGEOUT); errno != 0 && errno != unix.ENOMEM {
			return fmt.Errorf("madvise: %w", errno) // ENOMEM: unmapped meanwhile
		}
	}
	return lines.Err()
}

// punch makes a hole in a file, so that the disk gets the room back. Not every file
// system can, and then it gets it back when the file goes.
func punch(path string, at, size int64) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	err = unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, at, size)
	if errors.Is(err, unix.EOPNOTSUPP) {
		return nil
	}
	return err
}

// tryLock takes the lock on dir that badger takes when it opens it, so that nobody
// writes while the files are looked at.
func tryLock(dir string) (unlock func() error, err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("%w by another process", ErrLocked)
	}
	return f.Close, nil
}
