package bft

// Machine is the one interface of every protocol: a value that turns inputs and
// messages into a [Step]. It has no goroutine, clock, randomness, log or IO, so
// the same calls in the same order give the same steps: a simulator can own the
// schedule, and a crash is survived by replaying the calls.
type Machine[In, Msg, Out any] interface {
	// Input takes this node's own input. An error means that the local caller
	// misused the machine, which is unchanged.
	Input(in In) (Step[Msg, Out], error)
	// Handle takes one message of an authenticated peer, or of this node
	// itself. Whatever the message says, it can cause faults but never an error.
	Handle(from ID, msg Msg) Step[Msg, Out]
	// Done reports that the machine will never send or output again. To have
	// decided is not enough: peers may still need its votes.
	Done() bool
}

// Envelope is a message and where it goes.
type Envelope[Msg any] struct {
	To  ID // one node, or Everyone: then the driver loops it back to the sender too
	Msg Msg
}

// Fault is evidence of a peer's misbehaviour. Why wraps a sentinel error of the
// package that found it. A correct peer never causes one.
type Fault struct {
	Peer ID
	Why  error
}

// Step is what one call of a machine asks of its driver.
type Step[Msg, Out any] struct {
	Send   []Envelope[Msg]
	Out    []Out
	Faults []Fault
	// Stale says that a message told nothing new, such as a repeat: nothing was
	// recorded, sent or put out, and a journal need not keep the call. Calls that
	// are not stale are as bounded as the machine's memory, whatever liars send.
	Stale bool
}

// Broadcast adds a message to everyone.
func (s *Step[Msg, Out]) Broadcast(msg Msg) {
	s.Send = append(s.Send, Envelope[Msg]{To: Everyone, Msg: msg})
}

// Reply adds a message to one node.
func (s *Step[Msg, Out]) Reply(to ID, msg Msg) {
	s.Send = append(s.Send, Envelope[Msg]{To: to, Msg: msg})
}

// Emit adds an output.
func (s *Step[Msg, Out]) Emit(out Out) { s.Out = append(s.Out, out) }

// Blame adds a fault.
func (s *Step[Msg, Out]) Blame(peer ID, why error) {
	s.Faults = append(s.Faults, Fault{Peer: peer, Why: why})
}

// Absorb takes a child machine's step into its parent's: messages are wrapped
// into the parent's kind, faults are taken over, and the child's outputs are
// returned for the parent to act on. A message for which wrap reports false is
// dropped: the parent says the same thing in another way.
func Absorb[Msg, Out, SubMsg, SubOut any](parent *Step[Msg, Out], child Step[SubMsg, SubOut], wrap func(SubMsg) (Msg, bool)) []SubOut {
	for _, e := range child.Send {
		if msg, ok := wrap(e.Msg); ok {
			parent.Send = append(parent.Send, Envelope[Msg]{To: e.To, Msg: msg})
		}
	}
	parent.Faults = append(parent.Faults, child.Faults...)
	return child.Out
}
