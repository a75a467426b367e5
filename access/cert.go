package access

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"time"
)

// LoadCertificate reads a certificate chain and its key, both PEM. An expired one is
// an error: clients would refuse it.
func LoadCertificate(chain, key string) (*tls.Certificate, error) {
	c, err := tls.LoadX509KeyPair(chain, key)
	if err != nil {
		return nil, fmt.Errorf("certificate %s with key %s: %w", chain, key, err)
	}
	if c.Leaf == nil {
		if c.Leaf, err = x509.ParseCertificate(c.Certificate[0]); err != nil {
			return nil, fmt.Errorf("certificate %s: %w", chain, err)
		}
	}
	if time.Now().After(c.Leaf.NotAfter) {
		return nil, fmt.Errorf("certificate %s: has expired on %s", chain, c.Leaf.NotAfter.UTC().Format(time.DateOnly))
	}
	return &c, nil
}

// TLS is how the API speaks: TLS 1.3 with the newest certificate, and HTTP/1.1,
// whose connections are what our limits count.
func TLS(certificate *File[*tls.Certificate]) *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS13,
		NextProtos:     []string{"http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return certificate.Get(), nil },
	}
}
