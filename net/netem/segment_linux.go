package netem

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// segmentSize is the size of the packets into which the kernel is to cut a burst
// (udp(7), UDP_SEGMENT), 0 if it is not one.
func segmentSize(oob []byte) int {
	for len(oob) > 0 {
		head, body, rest, err := unix.ParseOneSocketControlMessage(oob)
		if err != nil {
			return 0
		}
		if head.Level == unix.IPPROTO_UDP && head.Type == unix.UDP_SEGMENT && len(body) >= 2 {
			return int(binary.NativeEndian.Uint16(body))
		}
		oob = rest
	}
	return 0
}
