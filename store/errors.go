package store

import "errors"

var (
	// ErrNotFound says that the store does not have what was asked for.
	ErrNotFound = errors.New("not in the store")
	// ErrLocked says that another process, or another Store of this one, has
	// the directory open.
	ErrLocked = errors.New("the store is in use")
	// ErrVersion says that the directory was written in a format that this
	// version does not read.
	ErrVersion = errors.New("unknown store format")
	// ErrIdentity says that the directory belongs to another cluster, era or node.
	ErrIdentity = errors.New("the store belongs to another node")
	// ErrFailed wraps the first failure of the disk; every later write returns
	// the same error. Only a new Open, after the cause is gone, helps.
	ErrFailed = errors.New("the store has failed")
	// ErrDamaged says that files of the store are missing or changed, so that it may
	// have forgotten something. Nothing was written.
	ErrDamaged = errors.New("the store is damaged")
	// ErrClosed says that the store was closed.
	ErrClosed = errors.New("the store is closed")
	// ErrHeight says that a block is not the successor of the last one, or that
	// a certificate's block is not there.
	ErrHeight = errors.New("wrong height")
	// ErrTooLarge says that a write is beyond a limit of this package. Nothing
	// was written, and the store goes on.
	ErrTooLarge = errors.New("too large for the store")
)
