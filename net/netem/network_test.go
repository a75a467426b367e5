package netem

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/quic-go/quic-go"
)

type netAddr = netip.AddrPort

func TestReadIsStrict(t *testing.T) {
	good := Uniform(3, 20*time.Millisecond)
	good.Jitter, good.Loss, good.Seed = 1, 0.01, 5
	text, err := json.Marshal(good)
	if err != nil {
		t.Fatal(err)
	}
	n, err := Read(strings.NewReader(string(text)))
	if err != nil || n.Validate(3) != nil || n.delay(0, 1) != 20*time.Millisecond || n.Loss != 0.01 || n.Idle() {
		t.Fatalf("%+v %v", n, err)
	}
	if !(Network{}).Idle() || (Network{}).Validate(9) != nil || (Network{Bandwidth: 1}).Idle() {
		t.Fatal("the zero value is not at rest")
	}
	for name, bad := range map[string]Network{
		"nodes":    Uniform(4, 0),
		"row":      {Delay: [][]float64{{0, 0, 0}, {0, 0}, {0, 0, 0}}},
		"negative": {Delay: [][]float64{{0, -1, 0}, {0, 0, 0}, {0, 0, 0}}},
		"long":     {Delay: [][]float64{{0, maxDelay + 1, 0}, {0, 0, 0}, {0, 0, 0}}},
		"jitter":   {Jitter: -1},
		"loss":     {Loss: 1.01},
		"backward": {Bandwidth: -1},
		"no bytes": {Bandwidth: minBandwidth / 2},
	} {
		if bad.Validate(3) == nil {
			t.Errorf("%s: valid", name)
		}
	}
	for _, bad := range []string{"", "{", `{"delay_ms":1}`, strings.Repeat(" ", maxFile+1)} {
		if _, err := Read(strings.NewReader(bad)); err == nil {
			t.Errorf("%.20q was read", bad)
		}
	}
	if _, err := good.Wrap(3, make([]string, 3)); err == nil {
		t.Error("a node outside")
	}
	if _, err := good.Wrap(0, []string{"127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:1"}); err == nil {
		t.Error("an address twice")
	}
}

func TestNetworkInWords(t *testing.T) {
	far := Uniform(3, 0)
	far.Delay[0][2] = 300
	slow := Uniform(2, 50*time.Millisecond)
	slow.Jitter, slow.Loss, slow.Bandwidth = 5, 0.001, 2
	for want, n := range map[string]Network{
		"":                    Uniform(3, 0),
		"0 to 300 ms one way": far,
		"50 ms one way, ± 5 ms, 0.1 % lost, 2 MB/s a link": slow,
	} {
		if got := n.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestRegions(t *testing.T) {
	m := Regions()
	n := m.Network(11)
	if len(m.Places) != 10 || n.Validate(11) != nil {
		t.Fatalf("%v %v", m.Places, n.Validate(11))
	}
	if n.Delay[0][3] != 61.5 || n.Delay[9][7] != 164 || n.Delay[10][0] != 1 {
		t.Fatalf("%v %v %v", n.Delay[0][3], n.Delay[9][7], n.Delay[10][0])
	}
	for _, bad := range []string{"", ",a\n", ",a,b\na,1,2\n", ",a\nb,1\n", ",a\na,x\n", ",a\na,-1\n", ",a\na,1,2\n"} {
		if _, err := ReadMatrix(strings.NewReader(bad)); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

// QUIC keeps its offload and its ECN behind the wrapper, and the delay is there:
// two ends of a real connection see a round trip of two delays.
func TestQUIC(t *testing.T) {
	var _ quic.OOBCapablePacketConn = (*udpConn)(nil)
	const delay = 30 * time.Millisecond
	var sockets []*net.UDPConn
	var addrs []string
	for range 2 {
		s, err := net.ListenUDP("udp", addr(0))
		if err != nil {
			t.Fatal(err)
		}
		sockets, addrs = append(sockets, s), append(addrs, s.LocalAddr().String())
	}
	network := Uniform(2, delay)
	network.Loss = 0.02
	var ends []*quic.Transport
	for i, s := range sockets {
		wrap, err := network.Wrap(i, addrs)
		if err != nil {
			t.Fatal(err)
		}
		c := wrap(s)
		end := &quic.Transport{Conn: c}
		t.Cleanup(func() { end.Close(); c.Close() })
		ends = append(ends, end)
	}
	conf := &tls.Config{Certificates: []tls.Certificate{certificate(t)}, NextProtos: []string{"x"}, InsecureSkipVerify: true}
	ln, err := ends[0].Listen(conf, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	const size = 300_000
	got := make(chan int, 1)
	go func() {
		defer close(got)
		c, err := ln.Accept(ctx)
		if err != nil {
			return
		}
		s, err := c.AcceptUniStream(ctx)
		if err != nil {
			return
		}
		data, _ := io.ReadAll(s)
		got <- len(data)
		c.CloseWithError(0, "")
	}()
	c, err := ends[1].Dial(ctx, sockets[0].LocalAddr(), conf, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.OpenUniStream()
	if err != nil {
		t.Fatal(err)
	}
	s.Write(make([]byte, size))
	s.Close()
	if n := <-got; n != size {
		t.Fatalf("%d bytes arrived", n)
	}
	stats := c.ConnectionStats()
	if stats.MinRTT < 2*delay {
		t.Fatalf("the round trip took %v", stats.MinRTT)
	}
	if stats.PacketsLost == 0 {
		t.Fatal("no packet was lost")
	}
}

func certificate(t *testing.T) tls.Certificate {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private}
}
