//go:build unix

package net

import (
	"errors"
	"net"
	"syscall"
)

// bufferSizes is what the kernel uses, in bytes. Linux reports the double of
// what can be used for payload, as quic-go reads it too.
func bufferSizes(udp *net.UDPConn) (receive, send int, err error) {
	raw, err := udp.SyscallConn()
	if err != nil {
		return 0, 0, err
	}
	var errs [2]error
	err = raw.Control(func(fd uintptr) {
		receive, errs[0] = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF)
		send, errs[1] = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_SNDBUF)
	})
	return receive, send, errors.Join(err, errs[0], errs[1])
}
