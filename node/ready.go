package node

import "fmt"

// Check is one condition of a node that can decide.
type Check struct {
	Name string // "memory", "peers" or "caught_up"
	OK   bool
	Text string // how it is, in words
}

// checks says what a node that can decide has: its memory, links to enough others,
// and about as many blocks as they. up counts the node itself.
func (n *Node) checks(s Status, up int) []Check {
	memory := Check{"memory", s.Silent == 0, "the node knows what it has said"}
	if !memory.OK {
		memory.Text = fmt.Sprintf("the store was lost: the node stays silent up to epoch %d, so as not to contradict itself, and has block %d", s.Silent, s.Height)
	}
	allowed := uint64(n.config.Epochs) // so many are under way in a node that keeps up
	return []Check{
		memory,
		{"peers", up >= n.quorum.Wait(), fmt.Sprintf("the node sees %d of %d nodes, itself among them, and needs %d", up, s.Nodes, n.quorum.Wait())},
		{"caught_up", s.Behind <= allowed, fmt.Sprintf("the node is %d blocks behind, and may be %d", s.Behind, allowed)},
	}
}

func allOK(checks []Check) bool {
	for _, c := range checks {
		if !c.OK {
			return false
		}
	}
	return true
}
