package home

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"
)

// spellings are the ways in which a secret could be in a file.
func spellings(secret []byte) [][]byte {
	list := [][]byte{secret, []byte(hex.EncodeToString(secret))}
	for skip := range 3 { // base64 reads three bytes at once, wherever the secret begins
		text := base64.RawStdEncoding.EncodeToString(append(make([]byte, skip), secret...))
		list = append(list, []byte(text[4:len(text)-4])) // what does not depend on its neighbours
	}
	return list
}

// No file of a home has another node's secret: a bundle may be copied to a machine
// that nobody else trusts.
func TestNoHomeHasAnothersSecret(t *testing.T) {
	dirs := create(t, CreateOptions{Nodes: 4, Hosts: []string{"a.example", "b.example", "c.example", "d.example"}})
	secrets := make([][]byte, 0, 8) // node 0's key, node 0's share, node 1's key, ...
	for _, dir := range dirs {
		key, err := os.ReadFile(filepath.Join(dir, NodeKeyFile))
		if err != nil {
			t.Fatal(err)
		}
		private, err := parseNodeKey(key)
		if err != nil {
			t.Fatal(err)
		}
		file, err := os.ReadFile(filepath.Join(dir, CoinKeyFile))
		if err != nil {
			t.Fatal(err)
		}
		share, err := parsePEM(coinKeyType, file)
		if err != nil {
			t.Fatal(err)
		}
		secrets = append(secrets, private.Seed(), share[len(share)-32:]) // a scalar of BLS12-381 has 32 bytes
	}
	for i, dir := range dirs {
		var all []byte
		err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			data, err := os.ReadFile(path)
			all = append(all, bytes.ReplaceAll(data, []byte("\n"), nil)...)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for j, secret := range secrets {
			found := false
			for _, s := range spellings(secret) {
				found = found || bytes.Contains(all, s)
			}
			if found != (j/2 == i) {
				t.Errorf("home %d: has secret %d of node %d: %v", i, j%2, j/2, found)
			}
		}
	}
}
