// Package net carries bytes between the nodes of a roster. It knows who sent
// what, and nothing of what it says: no protocol message is read here.
//
// Every pair of nodes shares one QUIC connection (RFC 9000), which the node
// with the higher [bft.ID] dials and the other accepts. Both sides show a
// self-signed certificate of their Ed25519 key in TLS 1.3 and both are pinned to
// the keys of the roster: no name, no authority, no date decides who gets in.
// A node that starts knocks at the higher ones: see knock.go. What travels on a
// connection:
//
//	control   the dialer's first bidirectional stream; both ways, for ever
//	          frame = length (u32, big endian) | CBOR
//	          first frame:  [version, cluster, era, node, committed, certified]
//	          every other:  [committed, certified, [message, ...]]
//	push      one unidirectional stream for each
//	          head length (u16) | head | body length (u32) | body
//	request   one bidirectional stream for each, opened by either side
//	          there: kind (u8) | length (u32) | body
//	          back:  0 | length (u32) | answer      or  1 | length (u32) | why not
//
// Votes go on the control stream, which has priority over requests, which have
// priority over pushes; a push that its receiver does not read cannot stop a
// vote (see streamWindow).
//
// # What is promised
//
// A message given to [Transport.Send] is handed to a correct peer at least
// once, in the order of the messages of its epoch, unless its epoch is released
// before or the peer has reported the epoch as certified: what is sent is kept
// until [Transport.Release], and after every reconnect all of it that the peer
// can still use is sent again. A message that a peer cannot use yet, because
// it has not committed the epoch Window epochs before, waits here. Pushes and
// requests promise nothing: a lost push is pulled.
//
// Nobody's memory use depends on a peer's good will: queues towards the driver
// are bounded for each peer and stop the reading of that peer alone, streams and
// windows are bounded, and the outbox holds what the driver has not released.
//
// No timer here matters for safety or liveness. Keep-alives and idle timeouts
// find dead connections sooner, back-off spares a network that is down.
package net
