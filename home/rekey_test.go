package home

import (
	"crypto/rand"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A new key changes who opens the links, and nothing that the nodes must agree on.
func TestRekey(t *testing.T) {
	dir := create(t, CreateOptions{Nodes: 4})[2]
	before, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	key, err := Rekey(dir, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), "does not belong to any node") {
		t.Errorf("before cluster.toml knows: %v", err)
	}
	replace(t, dir, ClusterFile, "index = 2\n", "index = 2\nnew_key = \""+hex.EncodeToString(key)+"\"\n")
	h, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	n := h.Roster.Nodes[2]
	if h.Self != 2 || !n.LinkKey().Equal(key) || !n.Key.Equal(before.NodeKey.Public()) || h.Roster.Hash() != before.Roster.Hash() {
		t.Errorf("%+v", n)
	}
	again, err := ParseRoster("again", h.Roster.encode())
	if err != nil || !again.Nodes[2].LinkKey().Equal(key) {
		t.Errorf("written and read: %v", err)
	}
	if info, err := os.Stat(filepath.Join(dir, OldKeyFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the old key: %v, %v", info, err)
	}
	if _, err := Rekey(dir, rand.Reader); err == nil || !strings.Contains(err.Error(), "from the last change") {
		t.Errorf("a second change at once: %v", err)
	}
}

func TestNewKeyIsNobodyElses(t *testing.T) {
	dir := create(t, CreateOptions{Nodes: 4})[0]
	h, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	first := "new_key = \"" + hex.EncodeToString(h.Roster.Nodes[1].Key) + "\"\n"
	for _, c := range []struct{ line, text, want string }{
		{"index = 2\n", first, `"node.new_key": node 2 has the key of node 1`},
		{"index = 0\n", first, `"node.key": node 1 has the key of node 0`},
		{"index = 2\n", "new_key = \"00\"\n", `"node.new_key": an Ed25519 public key has 64`},
	} {
		data, err := os.ReadFile(filepath.Join(dir, ClusterFile))
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Replace(string(data), c.line, c.line+c.text, 1)
		if _, err := ParseRoster("f", []byte(text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v\nwant %s", err, c.want)
		}
	}
}
