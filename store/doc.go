// Package store keeps on disk what a node must not forget: the journal of its
// inputs, the batches it holds, the blocks that came out and their certificates.
// It knows no protocol rule; records are opaque bytes in a fixed order.
//
// Everything lives in one badger database, in families of keys (keys.go), but for the
// bytes of large batches, which are in files (files.go).
// One rule holds for every write: when the call returns nil, the data is on the
// disk, and a crash at any moment leaves each write whole or absent, and none
// without those before it. What is only kept (early.go) outlives the process, not the
// machine.
//
// How writes reach the disk. They queue, and of those who wait for one of them one
// leads: it takes everything queued, writes it as one and wakes the others, and goes on
// until its own is written. Small writes go to the redo log (redo.go), with one
// request to the disk and past the system's cache, and stay in memory (recent.go)
// until enough has come together for a transaction of badger's, which goes on beside
// the next writes; large ones go to badger at once, with all before them. A large batch
// goes to a file, and is on the disk before its record is written. So payload is on the
// disk once, and a vote waits for one sync.
//
// How reads stay off the disk. They look at what is recent, then into badger, which
// runs with timestamps of our own ("managed"): a read sees exactly what is durable
// and never waits for a commit in flight, as badger's own timestamps would make it.
//
// What a disk failure does. The first failed write fails the store: that write
// and all later ones return [ErrFailed] with the cause, because a node that goes
// on with a hole in its journal could contradict itself. Badger reports some
// failures only to its log, among them a failed sync of the value log and a
// table that it drops at opening; the store listens and fails on these too.
// Badger writes through memory maps, where a full disk kills the process instead
// of returning an error; so the store fails while there is still room.
//
// How memory stays small. Pages of a memory-mapped value log count as resident
// memory for ever after they are written, a byte for each byte of payload. Run
// gives them back to the system, and it collects the garbage of dropped batches;
// badger does neither alone.
package store
