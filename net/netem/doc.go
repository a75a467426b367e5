// Package netem makes a fast network slow: a packet conn that delays, jitters,
// loses and throttles what one node sends, link by link, as the network of a test says. It
// stands between QUIC and the socket (net.Config.Wrap), so that everything above
// it is the real thing, and between real processes, so that everything below it is
// too. Only tests and benchmarks use it.
//
// Each node delays what it sends, and nothing that it receives: the delay of a
// link is one way, and the two ways may differ. Packets of a link keep their order
// whatever the jitter, as on most real paths; reordering would measure the loss
// detection of QUIC instead.
//
// A UDP socket stays capable of segmentation offload and ECN: what QUIC gives to
// the kernel as one burst of packets travels as one, and only its losses are drawn
// packet by packet.
package netem
