package home

import (
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// OldKeyFile is where Rekey leaves the key that was.
const OldKeyFile = "node.key.old"

// Rekey gives a home a new node key, drawn from random, and returns its public half.
// The node cannot start until new_key in its cluster.toml says so too, and no peer
// talks to it until theirs do.
//
// The roster hash is of the first keys, as they are in every block; what has taken
// their place is, like an address, each operator's to say. It is the key of the
// links alone: the share of the threshold key stays.
func Rekey(dir string, random io.Reader) (ed25519.PublicKey, error) {
	h, err := Load(dir)
	if err != nil {
		return nil, err
	}
	old := filepath.Join(dir, OldKeyFile)
	if _, err := os.Lstat(old); err == nil {
		return nil, fmt.Errorf("%s is there from the last change: delete it when all nodes know the key that came then", old)
	}
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(random, seed); err != nil {
		return nil, fmt.Errorf("make a node key: %w", err)
	}
	private := ed25519.NewKeyFromSeed(seed)
	text, err := encodeNodeKey(private)
	if err != nil {
		return nil, err
	}
	was, err := encodeNodeKey(h.NodeKey)
	if err != nil {
		return nil, err
	}
	if err := writeFile(old, was, 0o600); err != nil {
		return nil, err
	}
	if err := replaceFile(filepath.Join(dir, NodeKeyFile), text); err != nil {
		return nil, err
	}
	return private.Public().(ed25519.PublicKey), syncDir(dir)
}

// LinkKey is the key that the node shows to its peers: the one that has replaced
// Key, or Key.
func (n Node) LinkKey() ed25519.PublicKey {
	if len(n.NewKey) > 0 {
		return n.NewKey
	}
	return n.Key
}

// publicKey reads a key of a node.
func (t *table) publicKey(name, text string, ok bool) ed25519.PublicKey {
	key, err := hex.DecodeString(text)
	if ok && (err != nil || len(key) != ed25519.PublicKeySize) {
		t.wrong(name, "an Ed25519 public key has %d hexadecimal digits", 2*ed25519.PublicKeySize)
	}
	return key
}
