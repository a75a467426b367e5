package agree

import "errors"

// Errors of a node's own proposal.
var (
	ErrProposed = errors.New("this node has proposed another value")
	ErrAgreed   = errors.New("the agreement has been reached")
	ErrTooMany  = errors.New("too many agreements with this node's proposal are open")
	ErrUnknown  = errors.New("no such agreement")
)

// May reports whether a node's proposal would count if it were next in the log, and
// whether the very same one does already.
func (b *Book) May(p Proposal) (counts bool, err error) {
	a := b.named[p.Name]
	switch {
	case a != nil && a.Agreed:
		return false, ErrAgreed
	case a != nil && a.Of(p.Node) != nil:
		if string(a.Of(p.Node)) != string(p.Value) {
			return false, ErrProposed
		}
		return true, nil
	case b.Open(p.Node) >= MaxOpen:
		return false, ErrTooMany
	}
	return false, nil
}
