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

func (r real) Enqueue(came time.Time, vs ...batch.Value) (Ticket, error) {
	t, err := r.Node.Enqueue(came, vs...)
	if err != nil {
		return nil, err // not a nil *node.Ticket in an interface that is not nil
	}
	return t, nil
}
