// Package bench loads a cluster through its clients' door and says what came out
// of it, next to what the wire alone would do.
//
// # The load
//
// Values go to all nodes over several connections, many in flight on each
// ([client.Pipeline]). With a rate the load is an open loop: every value has a time
// at which it is meant to be sent, whatever became of those before it, and its
// latency counts from that time. A cluster that stalls for a second is charged for
// every value of that second, not for the one that it held up (coordinated
// omission). Without a rate the load is a closed loop: every connection keeps so
// many values in flight, and the figure is what comes out.
//
// # The ceiling
//
// The distance to the wire is measured in the same run: as many bare processes as
// there are nodes, on the same addresses and with the same TLS, send bytes to each
// other over quic-go as fast as they can and throw away what they get. What one of
// them broadcasts, and all others receive, counts once, like a value's payload.
// No agreement that copies payload to all nodes can be faster on that machine.
package bench
