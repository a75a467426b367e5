package store

import (
	"log/slog"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"
)

// Options of a store. The zero value works.
type Options struct {
	// Identity says whose store this is, in bytes of the caller's choice, such
	// as cluster, era and node. The first Open that gives one binds the
	// directory to it; others are refused with ErrIdentity. Empty: not checked.
	Identity []byte
	// MinFree is how many bytes of the file system stay unused: with fewer
	// free, the store fails. Default 256 MiB: room for what badger writes by
	// itself, which is memtables, compactions and half a value log file.
	MinFree uint64
	// Log takes badger's warnings and errors. Default slog.Default().
	Log *slog.Logger
	// BeforeWrite is called before each group of writes, and its error fails the
	// store as an error of the disk would. For tests of faults. Default: nil.
	BeforeWrite func() error

	// Synced is told how many seconds each group of writes took until it was on disk.
	// Default: nobody is.
	Synced Observer

	// Unsynced leaves it to the system when writes reach the disk. It is for
	// measurements: after a power loss a node would contradict itself.
	Unsynced bool

	tune func(*badger.Options) // tests make the files small
}

func (o Options) withDefaults() Options {
	if o.MinFree == 0 {
		o.MinFree = 256 << 20
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}

const (
	// valueThreshold is the size from which a value is written once, to the
	// value log, and only its place goes through the LSM tree. Below it the
	// tree is cheaper: no garbage to collect. Small batches must not be below it:
	// they filled a memtable every six to eight seconds, and while that was written out and
	// merged, votes waited for the processors and the disk, on all nodes at once.
	valueThreshold = 1 << 10
	// valueLogFile is the size of one value log file. The newest one may be
	// resident in memory as a whole (see Run), and each is an open file: 16 per
	// GiB of payload.
	valueLogFile = 64 << 20
	// memTable bounds a memtable and its write-ahead log. A transaction may
	// take 15% of it inline, and a 96-byte node of the skip list per entry:
	// maxInline and maxEntries are a little less than what this gives.
	memTable   = 8 << 20
	maxInline  = 1 << 20
	maxEntries = 12 << 10
)

func badgerOptions(dir string, log badger.Logger) badger.Options {
	o := badger.DefaultOptions(dir)
	o.Logger = log
	o.SyncWrites = true // durable before sent
	o.ValueThreshold = valueThreshold
	o.ValueLogFileSize = valueLogFile
	o.VerifyValueChecksum = true // a wrong byte from the disk is an error, never a batch; 0.1 ns/B
	// A table is checked as a whole when it is opened, or made: what badger finds
	// wrong later, it takes for a key that is not there.
	o.ChecksumVerificationMode = options.OnTableRead
	o.MemTableSize = memTable
	o.NumMemtables = 2           // one written, two on their way down: at most 24 MiB
	o.NumLevelZeroTables = 4     // the tree is small: merge early, so that garbage is counted early
	o.NumCompactors = 2          // badger's minimum; the tree gets a few percent of the bytes
	o.Compression = options.None // votes and digests do not compress, payload is not in the tree
	o.BlockCacheSize = 0         // without compression a block is read in place
	o.IndexCacheSize = 0         // 0 keeps the indexes of the few tables in memory
	o.NumVersionsToKeep = 1      // nobody reads the past
	o.DetectConflicts = false    // one leader writes at a time
	o.MetricsEnabled = false     // badger's expvar counters are global to the process
	o.CompactL0OnClose = false   // a quick stop; the next start compacts
	return o
}
