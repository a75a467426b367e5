package client

import (
	"errors"
	"sync/atomic"
)

// nodes are those that a client may ask, and which of them it asks now. They serve
// one log, and take a value once under its id, so that any of them will do for
// submitting and reading; what is one node's own, like its vote, goes to the first.
type nodes struct {
	urls []string
	at   atomic.Uint32
}

// own is the node whose own affairs are meant.
func (n *nodes) own() string { return n.urls[0] }

// now is the node to ask.
func (n *nodes) now() string { return n.urls[n.at.Load()] }

// leave turns to the next node after an error of this one that another need not
// have. Of many goroutines that saw the same one fail, one turns.
func (n *nodes) leave(url string, err error) (left bool) {
	var refused *Error
	if len(n.urls) == 1 || !errors.Is(err, ErrUnreachable) && !errors.Is(err, errPending) && !(errors.As(err, &refused) && refused.Passing()) {
		return false
	}
	at := n.at.Load()
	if n.urls[at] == url {
		n.at.CompareAndSwap(at, (at+1)%uint32(len(n.urls)))
	}
	return true
}

// tour counts the nodes that were left since one has helped, so that all are asked
// before anybody waits.
type tour struct{ left int }

func (t *tour) next(n *nodes) (waits bool) {
	t.left++
	return t.left%len(n.urls) == 0
}
