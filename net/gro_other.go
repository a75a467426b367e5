//go:build !linux

package net

import "net"

// inBursts has no counterpart on this system.
func inBursts(c net.PacketConn) net.PacketConn { return c }
