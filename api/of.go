package api

import (
	"time"

	"abad/batch"
	"abad/node"
)

// Of makes a node what the API serves.
func Of(n *node.Node) Node { return real{n} }

// real differs from *node.Node in one result type, which the language wants alike.
type real struct{ *node.Node }

func (r real) Enqueue(v batch.Value, came time.Time) (Ticket, error) {
	t, err := r.Node.Enqueue(v, came)
	if err != nil {
		return nil, err // not a nil *node.Ticket in an interface that is not nil
	}
	return t, nil
}
