//go:build !traitor

package node

import (
	"abad/bft"
	"abad/decision"
	"abad/net"
)

// spoken is how a word of a decision leaves: as it is. There is another one for
// shows of treason, in builds with the tag traitor only.
func (c *decider) spoken(e bft.Envelope[decision.Msg]) []net.Outgoing {
	return []net.Outgoing{outgoing(e.To, e.Msg)}
}
