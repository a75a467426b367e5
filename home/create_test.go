package home

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestHosts(t *testing.T) {
	type node struct{ addr, listen, api, public string }
	for name, c := range map[string]struct {
		o    CreateOptions
		want []node
	}{
		"one machine": {CreateOptions{Nodes: 2, Port: 100, APIPort: 200}, []node{
			{"127.0.0.1:100", "127.0.0.1:100", "127.0.0.1:200", "127.0.0.1:200"},
			{"127.0.0.1:101", "127.0.0.1:101", "127.0.0.1:201", "127.0.0.1:201"},
		}},
		"one host that others reach": {CreateOptions{Nodes: 2, Hosts: []string{"10.0.0.1"}}, []node{
			{"10.0.0.1:7400", ":7400", "127.0.0.1:7500", ""},
			{"10.0.0.1:7401", ":7401", "127.0.0.1:7501", ""},
		}},
		"a host each": {CreateOptions{Nodes: 3, Hosts: []string{"a.example", "fd00::1", "[fd00::2]"}}, []node{
			{"a.example:7400", ":7400", "127.0.0.1:7500", ""},
			{"[fd00::1]:7400", ":7400", "127.0.0.1:7500", ""},
			{"[fd00::2]:7400", ":7400", "127.0.0.1:7500", ""},
		}},
		"two on one of them": {CreateOptions{Nodes: 3, Hosts: []string{"a.example", "b.example", "A.example"}}, []node{
			{"a.example:7400", ":7400", "127.0.0.1:7500", ""},
			{"b.example:7400", ":7400", "127.0.0.1:7500", ""},
			{"A.example:7401", ":7401", "127.0.0.1:7501", ""},
		}},
		"the last ports": {CreateOptions{Nodes: 2, Hosts: []string{"::1"}, Port: 65534, APIPort: 65534}, []node{
			{"[::1]:65534", "[::1]:65534", "127.0.0.1:65534", "127.0.0.1:65534"},
			{"[::1]:65535", "[::1]:65535", "127.0.0.1:65535", "127.0.0.1:65535"},
		}},
	} {
		for i, dir := range create(t, c.o) {
			h, err := Load(dir)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			n := h.Roster.Nodes[i]
			if got := (node{n.Addr, h.Config.Listen, h.Config.API, n.API}); got != c.want[i] {
				t.Errorf("%s: node %d is %+v", name, i, got)
			}
		}
	}
}

func TestCreateRefuses(t *testing.T) {
	for _, c := range []struct {
		o    CreateOptions
		want string
	}{
		{CreateOptions{}, "a roster has 1 to 256 nodes, not 0"},
		{CreateOptions{Nodes: 257}, "a roster has 1 to 256 nodes, not 257"},
		{CreateOptions{Nodes: 4, Hosts: []string{"a", "b"}}, "2 hosts for 4 nodes: give one for all or one for each"},
		{CreateOptions{Nodes: 1, Hosts: []string{""}}, "a host is empty"},
		{CreateOptions{Nodes: 1, Hosts: []string{"a.example:7400"}}, `"a.example:7400" has a port: give hosts alone`},
		{CreateOptions{Nodes: 1, Hosts: []string{"0.0.0.0"}}, `"0.0.0.0" means every interface`},
		{CreateOptions{Nodes: 1, Hosts: []string{"a b"}}, `"a b" is neither a host name nor an IP address`},
		{CreateOptions{Nodes: 1, Hosts: []string{strings.Repeat("a", maxHost+1)}}, "is neither a host name nor an IP address"},
		{CreateOptions{Nodes: 1, Port: -1}, "the port is -1, and must be from 1 to 65535"},
		{CreateOptions{Nodes: 1, Port: 65536}, "the port is 65536, and must be from 1 to 65535"},
		{CreateOptions{Nodes: 2, Port: 65535}, "the port of node 1 on its host would be 65536, and ports end at 65535"},
		{CreateOptions{Nodes: 2, APIPort: 65535}, "the API port of node 1 on its host would be 65536"},
		{CreateOptions{Nodes: 1, Rand: strings.NewReader("short")}, "make the cluster's name: unexpected EOF"},
		{CreateOptions{Nodes: 1, Rand: strings.NewReader(strings.Repeat("x", 40))}, "make a node key: unexpected EOF"},
		{CreateOptions{Nodes: 1, Rand: strings.NewReader(strings.Repeat("x", 70))}, "deal the threshold key: "},
	} {
		c.o.Dir = filepath.Join(t.TempDir(), "new")
		homes, err := Create(c.o)
		if err == nil || homes != nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v\nwant %s", err, c.want)
		}
		if _, err := os.Stat(c.o.Dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: something was written", c.want)
		}
	}
}

func TestCreateTakesTheLongestHost(t *testing.T) {
	if err := checkHost(strings.Repeat("a", maxHost)); err != nil {
		t.Error(err)
	}
}

func TestCreateOverwritesNothing(t *testing.T) {
	for _, there := range []string{"node0", "node2", "node9"} {
		dir := t.TempDir()
		path := filepath.Join(dir, there)
		if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Create(CreateOptions{Dir: dir, Nodes: 3})
		if !errors.Is(err, fs.ErrExist) || !strings.Contains(err.Error(), path+" exists already, and nothing is overwritten") {
			t.Errorf("%s is there: %v", there, err)
		}
		entries, err := os.ReadDir(dir)
		if err != nil || len(entries) != 1 {
			t.Errorf("%s is no longer alone: %v, %v", there, entries, err)
		}
		if data, err := os.ReadFile(path); string(data) != "mine" {
			t.Errorf("%s was changed: %v", there, err)
		}
	}
}

func TestCreateLeavesOtherFilesAlone(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "notes.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	create(t, CreateOptions{Dir: dir, Nodes: 1})
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 || entries[0].Name() != "node0" || entries[1].Name() != "notes.txt" {
		t.Errorf("%v, %v", entries, err)
	}
}

func TestAFailureOnTheWayLeavesNoNode(t *testing.T) {
	// The last home cannot be moved to its place, which a directory takes after
	// the check: what a second command at the same moment would do.
	dir := t.TempDir()
	c := &cluster{}
	loaded, err := Load(create(t, CreateOptions{Nodes: 1})[0])
	if err != nil {
		t.Fatal(err)
	}
	c.roster = loaded.Roster
	secret, err := os.ReadFile(filepath.Join(loaded.Dir, CoinKeyFile))
	if err != nil {
		t.Fatal(err)
	}
	share, err := parseCoinKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		c.keys = append(c.keys, loaded.NodeKey)
		c.secrets = append(c.secrets, share)
		c.spots = append(c.spots, spot{})
	}
	block := filepath.Join(dir, "node2", "in the way")
	c.moving = func(i int) {
		if i == 2 {
			if err := os.MkdirAll(block, 0o700); err != nil {
				t.Error(err)
			}
		}
	}
	if homes, err := c.write(dir); err == nil || homes != nil {
		t.Fatalf("homes %v", homes)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 || entries[0].Name() != "node2" {
		t.Errorf("left behind: %v, %v", entries, err)
	}
	if _, err := os.Stat(block); err != nil {
		t.Errorf("what was in the way is gone: %v", err)
	}
}

func TestTheLargestRosterIsRead(t *testing.T) {
	hosts := make([]string, 256)
	for i := range hosts {
		hosts[i] = fmt.Sprintf("%0*d.example", maxHost-len(".example"), i)
	}
	dir := filepath.Join(t.TempDir(), "c")
	homes, err := Create(CreateOptions{Dir: dir, Nodes: 256, Hosts: hosts, Rand: rand.NewChaCha8([32]byte{1})})
	if err != nil {
		t.Fatal(err)
	}
	h, err := Load(homes[255])
	if err != nil || h.Self != 255 || h.CoinKey.Threshold() != 86 {
		t.Errorf("%v", err)
	}
}
