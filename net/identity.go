package net

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/quic-go/quic-go"

	"abad/bft"
)

// alpn names the wire format; another version of it is another name, so that
// peers who could not understand each other do not finish a handshake.
const alpn = "abad/1"

// identity is this node's certificate and the roster's keys.
type identity struct {
	self bft.ID
	cert tls.Certificate
	ids  map[string]bft.ID // by public key
	key  ed25519.PrivateKey
}

func newIdentity(c Config) (*identity, error) {
	cert, err := selfSigned(c.Key)
	if err != nil {
		return nil, fmt.Errorf("net config: Key: %w", err)
	}
	ids := make(map[string]bft.ID, len(c.Peers))
	for i, p := range c.Peers {
		ids[string(p.Key)] = bft.ID(i)
	}
	return &identity{self: c.Self, cert: cert, ids: ids, key: c.Key}, nil
}

// selfSigned wraps a key in a certificate, because TLS shows keys in no other
// way that Go supports. Nobody reads anything but the key: the dates are
// those of RFC 5280, section 4.1.2.5, for "no well-defined expiration".
func selfSigned(key ed25519.PrivateKey) (tls.Certificate, error) {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "abad"},
		NotBefore:    time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("sign a certificate: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// accepting is the TLS of connections that other nodes make: higher ones dial, lower
// ones knock.
func (i *identity) accepting() *tls.Config {
	conf := i.tls()
	conf.ClientAuth = tls.RequireAnyClientCert
	conf.VerifyConnection = func(state tls.ConnectionState) error {
		id, err := i.peer(state)
		if err == nil && id == i.self {
			err = &refusal{CauseKey, fmt.Sprintf("the key of node %d itself", id)}
		}
		return err
	}
	return conf
}

// dialing is the TLS of a connection to one lower node.
func (i *identity) dialing(peer bft.ID) *tls.Config {
	conf := i.tls()
	conf.VerifyConnection = func(state tls.ConnectionState) error {
		id, err := i.peer(state)
		if err == nil && id != peer {
			err = &refusal{CauseKey, fmt.Sprintf("node %d answers at the address of node %d", id, peer)}
		}
		return err
	}
	return conf
}

func (i *identity) tls() *tls.Config {
	return &tls.Config{
		MinVersion:   tls.VersionTLS13,
		NextProtos:   []string{alpn},
		Certificates: []tls.Certificate{i.cert},
		ServerName:   "abad", // says nothing about the network to who listens in
		// Chains, names and dates mean nothing between self-signed certificates:
		// VerifyConnection pins the key instead, after TLS has proved that the
		// peer owns it. It runs on every handshake, also a resumed one, but there
		// are none: no tickets.
		InsecureSkipVerify:     true,
		SessionTicketsDisabled: true,
	}
}

// peer is whose key the other side has proved to own.
func (i *identity) peer(state tls.ConnectionState) (bft.ID, error) {
	if state.NegotiatedProtocol != alpn {
		return 0, &refusal{CauseHandshake, fmt.Sprintf("protocol %q", state.NegotiatedProtocol)}
	}
	if len(state.PeerCertificates) == 0 {
		return 0, errors.New("no certificate")
	}
	key, ok := state.PeerCertificates[0].PublicKey.(ed25519.PublicKey)
	if !ok {
		return 0, &refusal{CauseKey, fmt.Sprintf("a key of type %T", state.PeerCertificates[0].PublicKey)}
	}
	id, ok := i.ids[string(key)]
	if !ok {
		return 0, &refusal{CauseKey, fmt.Sprintf("key %x is not in the roster", []byte(key))}
	}
	return id, nil
}

// resetKey makes the stateless resets of a restarted node valid for the
// connections of its former process (RFC 9000, section 10.3.2), so that its
// peers dial again at once and not after an idle timeout.
func (i *identity) resetKey() (*quic.StatelessResetKey, error) {
	secret, err := hkdf.Key(sha256.New, i.key.Seed(), nil, "abad/net/reset/v1", len(quic.StatelessResetKey{}))
	if err != nil {
		return nil, fmt.Errorf("derive the reset key: %w", err)
	}
	return (*quic.StatelessResetKey)(secret), nil
}
