package node

import (
	"errors"
	"io"

	"abad/store"
)

// Backup writes a copy of the node's store as of one moment, while it goes on.
func (n *Node) Backup(w io.Writer) error { return n.store.Backup(w) }

// Restore makes a store in dir from a backup. The node that uses it has a gap in
// its memory, and keeps silent at first like one that has lost its store.
func Restore(dir string, backup io.ReadSeeker) error {
	if err := store.Restore(dir, store.Options{}, backup); err != nil {
		return err
	}
	s, err := store.Open(dir, store.Options{})
	if err != nil {
		return err
	}
	return errors.Join(s.DropMeta(bornMeta), s.Close())
}
