// Package node is the driver: it owns the one goroutine that touches the
// protocol's machines, and everything around it that they must not know: time,
// disk, network. Forward only: one queue into the driver, one way out.
//
//	clients -> batcher -> store -> PUSH to peers            own values; a few go in a frame
//	peers   -> intake  -> store                             their batches
//	            both -> driver: receive -> handle -> journal, one sync -> send
//	driver  -> certifier (signatures), fetcher (PULL), follower (catch-up) -> driver
//
// A tick of the driver takes what has come, lets the ledger handle it, makes the
// blocks and the journal of the tick durable with one sync each, and only then
// sends. What a machine says to itself it hears before anything else.
package node
