package home

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"abad/coin"
)

// The types of the PEM blocks (RFC 7468) in the two key files.
const (
	nodeKeyType = "PRIVATE KEY" // PKCS #8, as openssl genpkey writes it
	coinKeyType = "ABAD COIN KEY SHARE"
)

// parseNodeKey reads node.key.
func parseNodeKey(data []byte) (ed25519.PrivateKey, error) {
	der, err := parsePEM(nodeKeyType, data)
	if err != nil {
		return nil, err
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, errors.New("not a PKCS #8 key") // x509 might quote the secret
	}
	private, ok := key.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("not an Ed25519 key but %T", key)
	}
	again, err := encodeNodeKey(private)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(again, data) {
		return nil, errNotPlain
	}
	return private, nil
}

func encodeNodeKey(key ed25519.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: nodeKeyType, Bytes: der}), nil
}

// parseCoinKey reads coin.key.
func parseCoinKey(data []byte) (secret coin.Secret, err error) {
	wire, err := parsePEM(coinKeyType, data)
	if err != nil {
		return secret, err
	}
	if err := secret.UnmarshalBinary(wire); err != nil {
		return secret, err
	}
	again, err := encodeCoinKey(secret)
	if err == nil && !bytes.Equal(again, data) {
		err = errNotPlain
	}
	return secret, err
}

func encodeCoinKey(secret coin.Secret) ([]byte, error) {
	wire, err := secret.MarshalBinary()
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: coinKeyType, Bytes: wire}), nil
}

// errNotPlain refuses what PEM readers overlook: a key file that is not exactly
// what we would write has been damaged, or holds something besides the key.
var errNotPlain = errors.New("there is more in the file than one plain PEM block: it is damaged")

func parsePEM(kind string, data []byte) ([]byte, error) {
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, fmt.Errorf("no PEM block %q: it is damaged, or not a key file", kind)
	}
	if block.Type != kind {
		return nil, fmt.Errorf("a PEM block %.60q where %q belongs", block.Type, kind)
	}
	return block.Bytes, nil
}
