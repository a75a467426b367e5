package netem

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/netip"
	"strings"
	"time"
)

// Network is a network between n nodes. The zero value is one that does nothing.
type Network struct {
	// Delay is one way, in milliseconds, from the node of the row to that of the
	// column; the diagonal does not matter. Empty: none.
	Delay [][]float64 `json:"delay_ms,omitempty"`
	// Jitter is added to the delay, from -Jitter to +Jitter milliseconds, all
	// alike; a packet never overtakes one before it.
	Jitter float64 `json:"jitter_ms,omitempty"`
	// Loss is the part of the packets that is lost, from 0 to 1.
	Loss float64 `json:"loss,omitempty"`
	// Bandwidth is what each link carries, in MB/s; 0: no bound. What would wait for
	// more than 200 ms is lost.
	Bandwidth float64 `json:"mb_per_s,omitempty"`
	// Seed draws jitter and loss.
	Seed uint64 `json:"seed,omitempty"`
}

// Bounds of a network: an hour of delay, and 256 nodes, take 2 MB as JSON.
const (
	maxDelay = 3_600_000
	maxNodes = 256
	// a packet takes a second, and a nanosecond
	minBandwidth = 0.001
	maxBandwidth = 1e6
	maxFile      = 4 << 20
)

// Uniform is a network of n nodes with one delay on all links.
func Uniform(nodes int, delay time.Duration) Network {
	var n Network
	for range nodes {
		row := make([]float64, nodes)
		for i := range row {
			row[i] = milliseconds(delay)
		}
		n.Delay = append(n.Delay, row)
	}
	return n
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// Idle reports whether the network leaves all packets alone.
func (n Network) Idle() bool {
	for _, row := range n.Delay {
		for _, d := range row {
			if d > 0 {
				return false
			}
		}
	}
	return n.Jitter == 0 && n.Loss == 0 && n.Bandwidth == 0
}

// String says what the network does in words; "" for one that leaves all packets alone.
func (n Network) String() string {
	var parts []string
	least, most := math.Inf(1), 0.0
	for i, row := range n.Delay {
		for j, d := range row {
			if i != j {
				least, most = min(least, d), max(most, d)
			}
		}
	}
	switch {
	case most > 0 && least < most:
		parts = append(parts, fmt.Sprintf("%g to %g ms one way", least, most))
	case most > 0:
		parts = append(parts, fmt.Sprintf("%g ms one way", most))
	}
	if n.Jitter > 0 {
		parts = append(parts, fmt.Sprintf("± %g ms", n.Jitter))
	}
	if n.Loss > 0 {
		parts = append(parts, fmt.Sprintf("%g %% lost", n.Loss*100))
	}
	if n.Bandwidth > 0 {
		parts = append(parts, fmt.Sprintf("%g MB/s a link", n.Bandwidth))
	}
	return strings.Join(parts, ", ")
}

// Validate checks that the network is one of so many nodes.
func (n Network) Validate(nodes int) error {
	switch {
	case len(n.Delay) > 0 && len(n.Delay) != nodes:
		return fmt.Errorf("the network has %d nodes, not %d", len(n.Delay), nodes)
	case !(n.Jitter >= 0 && n.Jitter <= maxDelay):
		return fmt.Errorf("a jitter of %v ms is not from 0 to an hour", n.Jitter)
	case !(n.Loss >= 0 && n.Loss <= 1):
		return fmt.Errorf("a loss of %v is not from 0 to 1", n.Loss)
	case n.Bandwidth != 0 && !(n.Bandwidth >= minBandwidth && n.Bandwidth <= maxBandwidth):
		return fmt.Errorf("a bandwidth of %v MB/s is not from %v to %v", n.Bandwidth, minBandwidth, maxBandwidth)
	}
	for i, row := range n.Delay {
		if len(row) != nodes {
			return fmt.Errorf("row %d of the network has %d delays, not %d", i, len(row), nodes)
		}
		for j, d := range row {
			if !(d >= 0 && d <= maxDelay) {
				return fmt.Errorf("the delay from node %d to node %d is %v ms, and not from 0 to an hour", i, j, d)
			}
		}
	}
	return nil
}

// delay is the time from one node to another.
func (n Network) delay(from, to int) time.Duration {
	if len(n.Delay) == 0 {
		return 0
	}
	return time.Duration(math.Round(n.Delay[from][to] * float64(time.Millisecond)))
}

// Read reads a network as JSON, as [Network] says it.
func Read(r io.Reader) (Network, error) {
	var n Network
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return n, err
	}
	if len(data) > maxFile {
		return n, fmt.Errorf("the network has more than %d bytes", maxFile)
	}
	if err := json.Unmarshal(data, &n); err != nil {
		return n, fmt.Errorf("the network: %w", err)
	}
	if len(n.Delay) > maxNodes {
		return n, fmt.Errorf("the network has %d nodes, and %d are possible", len(n.Delay), maxNodes)
	}
	return n, nil
}

// Wrap gives what net.Config.Wrap takes, for one node. addrs are where the nodes
// receive, in roster order; packets for other addresses are left alone.
func (n Network) Wrap(self int, addrs []string) (func(net.PacketConn) net.PacketConn, error) {
	if err := n.Validate(len(addrs)); err != nil {
		return nil, err
	}
	if self < 0 || self >= len(addrs) {
		return nil, fmt.Errorf("node %d is not in a network of %d", self, len(addrs))
	}
	places := make(map[netip.AddrPort]int, len(addrs))
	for i, text := range addrs {
		addr, err := net.ResolveUDPAddr("udp", text)
		if err != nil {
			return nil, fmt.Errorf("address of node %d: %w", i, err)
		}
		at := place(addr.AddrPort())
		if other, taken := places[at]; taken {
			return nil, fmt.Errorf("nodes %d and %d have the address %s", other, i, at)
		}
		places[at] = i
	}
	return func(c net.PacketConn) net.PacketConn { return wrap(c, newLines(n, self, places)) }, nil
}

// place is an address in one form, whatever family the socket shows it in.
func place(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }

var errClosed = errors.New("netem: use of closed connection")
