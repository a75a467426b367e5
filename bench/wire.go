package bench

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quic-go/quic-go"
)

// Wire is one bare process of the ceiling.
type Wire struct {
	Self    int
	Addrs   []string            // UDP, of all processes
	Keys    []ed25519.PublicKey // of all
	Key     ed25519.PrivateKey  // of this one
	Warmup  time.Duration
	Seconds float64
	// Wrap stands between QUIC and the socket, as in a node.
	Wrap func(net.PacketConn) net.PacketConn
}

// WireResult is what one process has received.
type WireResult struct {
	Bytes   int64   `json:"bytes"`
	Seconds float64 `json:"seconds"`
}

// Windows of the bare processes: more than a node dares to give to strangers, and
// enough for the ceiling not to be theirs.
const (
	wireStreamWindow = 8 << 20
	wireConnWindow   = 16 << 20
	wireChunk        = 256 << 10
	wireALPN         = "abad-wire"
	wireDial         = 20 * time.Second
)

// Run connects to all others, writes "ready" to out, waits for a line on in, sends
// to everybody, counts what comes, and writes the count to out.
func (w Wire) Run(ctx context.Context, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	conns, shut, err := w.connect(ctx)
	if err != nil {
		return err
	}
	defer shut()
	fmt.Fprintln(out, "ready")
	if _, err := bufio.NewReader(in).ReadString('\n'); err != nil {
		return fmt.Errorf("wait for the start: %w", err)
	}
	var got atomic.Int64
	var traffic sync.WaitGroup
	chunk := make([]byte, wireChunk)
	rand.Read(chunk)
	for _, c := range conns {
		traffic.Go(func() { blast(ctx, c, chunk) })
		traffic.Go(func() { swallow(ctx, c, &got) })
	}
	if err := pause(ctx, w.Warmup); err != nil {
		return err
	}
	before, began := got.Load(), time.Now()
	if err := pause(ctx, seconds(w.Seconds)); err != nil {
		return err
	}
	result := WireResult{got.Load() - before, time.Since(began).Seconds()}
	if err := pause(ctx, w.Warmup); err != nil { // the others still count
		return err
	}
	cancel()
	for _, c := range conns {
		c.CloseWithError(0, "")
	}
	traffic.Wait()
	return json.NewEncoder(out).Encode(result)
}

// connect makes one connection for each pair; the higher process dials.
func (w Wire) connect(ctx context.Context) (conns []*quic.Conn, shut func(), err error) {
	cert, err := w.certificate()
	if err != nil {
		return nil, nil, err
	}
	addr, err := net.ResolveUDPAddr("udp", w.Addrs[w.Self])
	if err != nil {
		return nil, nil, err
	}
	socket, err := net.ListenUDP("udp", addr)
	if err != nil {
		return nil, nil, err
	}
	var under net.PacketConn = socket
	if w.Wrap != nil {
		under = w.Wrap(socket)
	}
	tr := &quic.Transport{Conn: under, ConnectionIDLength: 8}
	shut = func() { tr.Close(); under.Close() }
	ln, err := tr.Listen(w.tls(cert), wireConfig())
	if err == nil {
		ctx, cancel := context.WithTimeout(ctx, wireDial)
		defer cancel()
		conns, err = w.meet(ctx, tr, ln, cert)
	}
	if err != nil {
		shut()
		return nil, nil, err
	}
	return conns, shut, nil
}

func (w Wire) meet(ctx context.Context, tr *quic.Transport, ln *quic.Listener, cert tls.Certificate) ([]*quic.Conn, error) {
	var conns []*quic.Conn
	for i, text := range w.Addrs[:w.Self] {
		addr, err := net.ResolveUDPAddr("udp", text)
		if err != nil {
			return nil, err
		}
		for { // the other may not listen yet
			c, err := tr.Dial(ctx, addr, w.tls(cert), wireConfig())
			if err == nil {
				conns = append(conns, c)
				break
			}
			if pause(ctx, 50*time.Millisecond) != nil {
				return nil, fmt.Errorf("dial process %d: %w", i, err)
			}
		}
	}
	for len(conns) < len(w.Addrs)-1 {
		c, err := ln.Accept(ctx)
		if err != nil {
			return nil, fmt.Errorf("accept: %w", err)
		}
		conns = append(conns, c)
	}
	return conns, nil
}

func wireConfig() *quic.Config {
	return &quic.Config{
		HandshakeIdleTimeout: time.Second, MaxIdleTimeout: 15 * time.Second,
		InitialStreamReceiveWindow: wireStreamWindow, MaxStreamReceiveWindow: wireStreamWindow,
		InitialConnectionReceiveWindow: wireConnWindow, MaxConnectionReceiveWindow: wireConnWindow,
	}
}

// tls is that of the links between nodes: TLS 1.3, both sides show a certificate of
// their Ed25519 key, and keys are pinned.
func (w Wire) tls(cert tls.Certificate) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13, NextProtos: []string{wireALPN}, Certificates: []tls.Certificate{cert},
		ClientAuth: tls.RequireAnyClientCert, InsecureSkipVerify: true, SessionTicketsDisabled: true, ServerName: "abad",
		VerifyConnection: func(s tls.ConnectionState) error {
			key, _ := s.PeerCertificates[0].PublicKey.(ed25519.PublicKey)
			for _, known := range w.Keys {
				if known.Equal(key) {
					return nil
				}
			}
			return errors.New("not a process of this measurement")
		},
	}
}

func (w Wire) certificate() (tls.Certificate, error) {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "abad"},
		NotBefore: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, w.Key.Public(), w.Key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("sign a certificate: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: w.Key}, nil
}

// blast sends until the connection ends.
func blast(ctx context.Context, c *quic.Conn, chunk []byte) {
	s, err := c.OpenUniStreamSync(ctx)
	for err == nil && ctx.Err() == nil {
		_, err = s.Write(chunk)
	}
}

// swallow counts what comes and throws it away.
func swallow(ctx context.Context, c *quic.Conn, got *atomic.Int64) {
	s, err := c.AcceptUniStream(ctx)
	buf := make([]byte, 64<<10)
	for err == nil && ctx.Err() == nil {
		var n int
		n, err = s.Read(buf)
		got.Add(int64(n))
	}
}
