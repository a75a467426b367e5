package home

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"abad/bft"
	"abad/coin"
)

// create makes the homes of a cluster; the same seed makes the same ones.
func create(t testing.TB, o CreateOptions) []string {
	t.Helper()
	if o.Dir == "" {
		o.Dir = filepath.Join(t.TempDir(), "cluster")
	}
	o.Rand = rand.NewChaCha8([32]byte{byte(o.Nodes)})
	homes, err := Create(o)
	if err != nil {
		t.Fatal(err)
	}
	return homes
}

func TestRoundTrip(t *testing.T) {
	for _, n := range []int{1, 2, 3, 4, 7} {
		homes := create(t, CreateOptions{Nodes: n})
		if len(homes) != n {
			t.Fatalf("%d homes for %d nodes", len(homes), n)
		}
		q, _ := bft.NewQuorum(n)
		var hash bft.Hash
		var shares []coin.Share
		message := []byte("message")
		var last *Home
		for i, dir := range homes {
			h, err := Load(dir)
			if err != nil {
				t.Fatal(err)
			}
			if hash.IsZero() {
				hash = h.Roster.Hash()
			}
			if h.Self != bft.ID(i) || h.Roster.Hash() != hash || len(h.Roster.Nodes) != n || h.Roster.Era != 1 || h.Roster.Window != DefaultWindow {
				t.Errorf("node %d of %d: %d in %v", i, n, h.Self, h.Roster)
			}
			if want := fmt.Sprintf("127.0.0.1:%d", 7400+i); h.Config.Listen != want || h.Roster.Nodes[i].Addr != want {
				t.Errorf("node %d listens at %q, is at %q", i, h.Config.Listen, h.Roster.Nodes[i].Addr)
			}
			if want := fmt.Sprintf("127.0.0.1:%d", 7500+i); h.Config.API != want || h.Roster.Nodes[i].API != want {
				t.Errorf("node %d serves at %q, says %q", i, h.Config.API, h.Roster.Nodes[i].API)
			}
			if info, err := os.Stat(h.Data()); err != nil || !info.IsDir() {
				t.Errorf("data directory: %v", err)
			}
			shares = append(shares, coin.Share{From: h.Self, Sig: h.CoinKey.Sign(message)})
			last = h
		}
		sig, err := last.CoinKey.Combine(message, shares[n-q.Amplify():])
		if err != nil || last.CoinKey.Verify(message, sig) != nil {
			t.Errorf("%d nodes do not have one threshold key of f+1: %v", n, err)
		}
	}
}

func TestRosterHashIsOfEverythingButAddresses(t *testing.T) {
	h, err := Load(create(t, CreateOptions{Nodes: 4})[0])
	if err != nil {
		t.Fatal(err)
	}
	want := h.Roster.Hash()
	other, err := Load(create(t, CreateOptions{Nodes: 7})[0])
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Roster){
		"cluster": func(r *Roster) { r.Cluster[0]++ },
		"era":     func(r *Roster) { r.Era++ },
		"window":  func(r *Roster) { r.Window++ },
		"keys":    func(r *Roster) { r.Nodes[0], r.Nodes[1] = r.Nodes[1], r.Nodes[0] },
		"fewer":   func(r *Roster) { r.Nodes = r.Nodes[:3] },
		"group":   func(r *Roster) { r.Group = other.Roster.Group },
	} {
		r := h.Roster
		r.Nodes = slices.Clone(r.Nodes)
		if change(&r); r.Hash() == want {
			t.Errorf("%s is not in the hash", name)
		}
	}
	r := h.Roster
	r.Nodes = slices.Clone(r.Nodes)
	r.Nodes[2].Addr, r.Nodes[2].API = "elsewhere:1", ""
	if r.Hash() != want {
		t.Error("an address is in the hash: no node could move")
	}
}

func TestNoHomeHasASecretOfAnother(t *testing.T) {
	homes := create(t, CreateOptions{Nodes: 4})
	secrets := make([][][]byte, len(homes)) // by node, in all the forms they might take
	for i, dir := range homes {
		h, err := Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(filepath.Join(dir, CoinKeyFile))
		if err != nil {
			t.Fatal(err)
		}
		block, _ := pem.Decode(raw)
		scalar := block.Bytes[len(block.Bytes)-32:]
		seed := h.NodeKey.Seed()
		for _, s := range [][]byte{seed, scalar} {
			secrets[i] = append(secrets[i], s, []byte(hex.EncodeToString(s)))
		}
		node, _ := encodeNodeKey(h.NodeKey)
		secrets[i] = append(secrets[i], lines(raw), lines(node))
	}
	for i, dir := range homes {
		found := 0
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := os.ReadFile(path)
			for j, forms := range secrets {
				for _, form := range forms {
					if bytes.Contains(lines(data), form) {
						if found++; i != j {
							t.Errorf("%s has a secret of node %d", path, j)
						}
					}
				}
			}
			return err
		})
		if err != nil || found != 2 {
			t.Errorf("node %d: %d secrets found where it has two, %v", i, found, err)
		}
	}
}

// lines is the base64 of a PEM file in one piece.
func lines(data []byte) []byte {
	var all []byte
	for line := range bytes.Lines(data) {
		if !bytes.HasPrefix(line, []byte("-----")) {
			all = append(all, bytes.TrimSpace(line)...)
		}
	}
	return all
}

func TestModes(t *testing.T) {
	dir := create(t, CreateOptions{Nodes: 1})[0]
	for name, want := range map[string]os.FileMode{".": 0o700, DataDir: 0o700, NodeKeyFile: 0o600, CoinKeyFile: 0o600, ConfigFile: 0o644, ClusterFile: 0o644, FirstFile: 0o644} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: mode %v, %v", name, info.Mode(), err)
		}
	}
}

// replace edits a file of a home.
func replace(t testing.TB, dir, file, old, new string) {
	t.Helper()
	path := filepath.Join(dir, file)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), old) {
		t.Fatalf("%s has no %q", file, old)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(data), old, new, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestErrorsSayWhatIsWrong(t *testing.T) {
	key := func(i int) string {
		h, err := Load(create(t, CreateOptions{Nodes: 4})[i])
		if err != nil {
			t.Fatal(err)
		}
		return hex.EncodeToString(h.Roster.Nodes[i].Key)
	}
	key0, key2 := key(0), key(2)
	edit := func(file, old, new string) func(string) {
		return func(dir string) { replace(t, dir, file, old, new) }
	}
	foreign := create(t, CreateOptions{Nodes: 3})
	take := func(file, from string) func(string) {
		return func(dir string) {
			data, err := os.ReadFile(filepath.Join(from, file))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, file), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	siblings := create(t, CreateOptions{Nodes: 4})
	for _, c := range []struct {
		name  string
		spoil func(dir string)
		want  string
	}{
		{"no home", func(dir string) { os.Remove(filepath.Join(dir, ClusterFile)) }, "is not the home of a node: it has no cluster.toml"},
		{"no key", func(dir string) { os.Remove(filepath.Join(dir, NodeKeyFile)) }, "node.key: no such file"},
		{"open mode", func(dir string) { os.Chmod(filepath.Join(dir, NodeKeyFile), 0o640) }, "node.key can be read by others (mode 0640): chmod 600 "},
		{"open coin mode", func(dir string) { os.Chmod(filepath.Join(dir, CoinKeyFile), 0o604) }, "coin.key can be read by others (mode 0604): chmod 600 "},
		{"a directory", func(dir string) {
			os.Remove(filepath.Join(dir, ConfigFile))
			os.Mkdir(filepath.Join(dir, ConfigFile), 0o700)
		}, "config.toml is not a file"},
		{"too long", edit(ConfigFile, "#", strings.Repeat("#", maxTOML)), "config.toml has more than 262144 bytes"},

		{"syntax", edit(ConfigFile, "listen = ", "listen "), "config.toml:6: "},
		{"unknown key", edit(ConfigFile, "listen = ", "lisen = "), `config.toml:6: "lisen": unknown key; did you mean listen?`},
		{"misspelt limit", edit(ConfigFile, "# backlog =", "baklog ="), `config.toml:28: "limits.baklog": unknown key; did you mean limits.backlog?`},
		{"wrong table", edit(ConfigFile, "# level =", "backlog = 100000000 #"), `"log.backlog": unknown key; did you mean limits.backlog?`},
		{"unlike any key", edit(ConfigFile, "listen = ", "zzzzzzzz = "), `config.toml:6: "zzzzzzzz": unknown key`},
		{"unknown table", edit(ConfigFile, "[log]", "[lgo]"), `config.toml:12: "lgo": unknown key; did you mean log?`},
		{"type", edit(ConfigFile, `listen = "127.0.0.1:7401"`, "listen = 7401"), `config.toml:6: "listen": must be a text in "quotes"`},
		{"table type", edit(ConfigFile, "[log]", "log = 1\n[lag]"), `"log": must be a table, [log]`},
		{"listen", edit(ConfigFile, "127.0.0.1:7401", "7401"), `config.toml:6: "listen": "7401" is not host:port`},
		{"api port", edit(ConfigFile, "127.0.0.1:7501", "127.0.0.1:0"), `config.toml:10: "api": the port in "127.0.0.1:0" is not a number from 1 to 65535`},
		{"level", edit(ConfigFile, `# level = "info"`, `level = "loud"`), `config.toml:14: "log.level": "loud" is none of debug, info, warn, error`},
		{"format", edit(ConfigFile, `# format = "text"`, `format = "xml"`), `"log.format": "xml" is none of text, json`},
		{"value limit", edit(ConfigFile, `# max_value = 1048576`, `max_value = 8388608`), `"limits.max_value": 8388608 is not from 1 to 8388568 bytes`},
		{"backlog", edit(ConfigFile, `# backlog = 67108864`, `backlog = 33554431`), `"limits.backlog": 33554431 is not from 33554432 to`},

		{"one letter", edit(ConfigFile, "listen = ", "x = "), `config.toml:6: "x": unknown key`},
		{"long line", edit(ConfigFile, "# How", "#"+strings.Repeat("x", maxLine)), "config.toml:1: the line has more than 1024 bytes"},
		{"deep", edit(ConfigFile, "[log]", strings.Repeat("a={", maxBraces+1)), "config.toml: more than 64 tables in braces"},

		{"cluster", edit(ClusterFile, `cluster = "`, `cluster = "00`), `cluster.toml:6: "cluster": a hash has 64 hexadecimal digits, not 66`},
		{"missing", edit(ClusterFile, "era = 1", ""), `cluster.toml: "era": missing`},
		{"era", edit(ClusterFile, "era = 1", "era = 0"), `cluster.toml:9: "era": 0 is not from 1 to`},
		{"window", edit(ClusterFile, "window = 12", "window = 65"), `cluster.toml:12: "window": 65 is not from 1 to 64`},
		{"edited", edit(ClusterFile, "window = 12", "window = 5"), `cluster.toml:16: "roster_hash": it says `},
		{"threshold", edit(ClusterFile, "threshold = 2", "threshold = 3"), `"group.threshold": it is 3, and 4 nodes need f+1 = 2`},
		{"commitments", edit(ClusterFile, "commitments = [", `commitments = ["00",`), `"group.commitments": there are 3, and a threshold of 2 needs as many`},
		{"commitment", edit(ClusterFile, "commitments = [\n  \"", "commitments = [\n  \"zz"), `"group.commitments": coin: bad group: commitment 0: `},
		{"order", edit(ClusterFile, "index = 1", "index = 2"), `"node.index": it is 2 where 1 comes: nodes are listed in order`},
		{"short key", edit(ClusterFile, key2, key2[2:]), `"node.key": an Ed25519 public key has 64 hexadecimal digits`},
		{"same key", edit(ClusterFile, key2, key0), `"node.key": node 2 has the key of node 0`},
		{"same address", edit(ClusterFile, ":7403", ":7402"), `"node.address": node 3 has the address of node 2`},
		{"same address, other spelling", func(dir string) {
			replace(t, dir, ClusterFile, "127.0.0.1:7400", "Host.example:7400")
			replace(t, dir, ClusterFile, "127.0.0.1:7403", "host.EXAMPLE.:7400")
		}, `"node.address": node 3 has the address of node 0`},
		{"address", edit(ClusterFile, "127.0.0.1:7403", "0.0.0.0:7403"), `"node.address": "0.0.0.0" means every interface`},
		{"port", edit(ClusterFile, ":7403", ":65536"), `the port in "127.0.0.1:65536" is not a number from 1 to 65535`},
		{"host", edit(ClusterFile, "127.0.0.1:7403", "two words:7403"), `"two words" is neither a host name nor an IP address`},
		{"unknown node key", edit(ClusterFile, "address = ", "adress = "), `"node.adress": unknown key; did you mean node.address?`},
		{"no address", edit(ClusterFile, "address = \"127.0.0.1:7402\"", ""), `cluster.toml:49: "node.address": missing`},
		{"no index", edit(ClusterFile, "index = 3", ""), `"node.index": missing`},
		{"no nodes", func(dir string) {
			path := filepath.Join(dir, ClusterFile)
			data, _ := os.ReadFile(path)
			os.WriteFile(path, data[:bytes.Index(data, []byte("[[node]]"))], 0o600)
		}, `"node": missing`},

		{"foreign node key", take(NodeKeyFile, foreign[0]), "node.key: node.key does not belong to any node of cluster.toml"},
		{"foreign coin key", take(CoinKeyFile, foreign[1]), "coin.key: the share does not fit the group key in cluster.toml"},
		{"coin key of a sibling", take(CoinKeyFile, siblings[2]), "coin.key: the share is that of node 2, and node.key is that of node 1"},
		{"coin key for node key", func(dir string) {
			data, _ := os.ReadFile(filepath.Join(dir, CoinKeyFile))
			os.WriteFile(filepath.Join(dir, NodeKeyFile), data, 0o600)
		}, `node.key: a PEM block "ABAD COIN KEY SHARE" where "PRIVATE KEY" belongs`},
		{"more in a key file", edit(NodeKeyFile, "-----BEGIN", "#\n-----BEGIN"), "node.key: there is more in the file than one plain PEM block"},
		{"empty key file", edit(CoinKeyFile, "-----BEGIN", ""), `coin.key: no PEM block "ABAD COIN KEY SHARE"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := create(t, CreateOptions{Nodes: 4})[1]
			c.spoil(dir)
			h, err := Load(dir)
			if err == nil || h != nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v\nwant %s", err, c.want)
			}
		})
	}
}

func TestFormAtItsLimits(t *testing.T) {
	text := "#" + strings.Repeat("x", maxLine-2) + "\n#" + strings.Repeat("{", maxBraces) + "\n"
	if _, err := ParseConfig("config.toml", []byte(text)); err != nil {
		t.Error(err)
	}
}

func TestTheLineIsThatOfTheRightNode(t *testing.T) {
	dir := create(t, CreateOptions{Nodes: 4})[0]
	replace(t, dir, ClusterFile, ":7402", ":none")
	data, err := os.ReadFile(filepath.Join(dir, ClusterFile))
	if err != nil {
		t.Fatal(err)
	}
	line := 1 + strings.Count(string(data[:bytes.Index(data, []byte(":none"))]), "\n")
	if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("cluster.toml:%d: ", line)) {
		t.Errorf("it is in line %d: %v", line, err)
	}
}

func TestAFlippedByte(t *testing.T) {
	// Damage is an error, or it was in a comment, an address or another thing
	// that the nodes need not agree on. It is never a panic or another roster.
	dir := create(t, CreateOptions{Nodes: 4})[1]
	good, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{ClusterFile, ConfigFile, NodeKeyFile, CoinKeyFile} {
		data, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		refused := 0
		for i := range data {
			for _, flip := range []byte{1, 0x20, 0x80} {
				bad := slices.Clone(data)
				bad[i] ^= flip
				if flipped(t, good, file, bad) != nil {
					refused++
				} else if file == NodeKeyFile || file == CoinKeyFile {
					t.Errorf("%s: byte %d with %#x flipped: accepted", file, i, flip)
				}
			}
		}
		if refused < len(data)/2 {
			t.Errorf("%s: only %d errors for %d bytes", file, refused, len(data))
		}
	}
}

// flipped checks what damage to one file makes of a good home.
func flipped(t *testing.T, good *Home, file string, bad []byte) error {
	t.Helper()
	switch file {
	case ClusterFile:
		r, err := ParseRoster(file, bad)
		if err == nil && r.Hash() != good.Roster.Hash() {
			t.Errorf("damage made another roster: %s", r)
		}
		return err
	case ConfigFile:
		_, err := ParseConfig(file, bad)
		return err
	case NodeKeyFile:
		key, err := parseNodeKey(bad)
		if err != nil {
			return err
		}
		if _, ok := good.Roster.Index(key.Public().(ed25519.PublicKey)); !ok {
			return errors.New("not in the roster")
		}
		return nil
	default:
		secret, err := parseCoinKey(bad)
		if err != nil {
			return err
		}
		if secret.ID() != good.Self {
			return errors.New("another node's")
		}
		_, err = coin.NewKey(good.Roster.Group, secret)
		return err
	}
}

func TestErrorsKeepSecrets(t *testing.T) {
	dir := create(t, CreateOptions{Nodes: 1})[0]
	for _, file := range []string{NodeKeyFile, CoinKeyFile} {
		data, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		for i := range data {
			bad := slices.Clone(data)
			bad[i] ^= 1
			_, err1 := parseNodeKey(bad)
			_, err2 := parseCoinKey(bad)
			for _, err := range []error{err1, err2} {
				if err != nil && len(err.Error()) > 150 {
					t.Fatalf("an error that may quote the key: %v", err)
				}
			}
		}
	}
}

// A node is new until its first start, and never again.
func TestFirstStart(t *testing.T) {
	homes, err := Create(CreateOptions{Dir: t.TempDir(), Nodes: 1})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{true, true, false, false} {
		h, err := Load(homes[0])
		if err != nil {
			t.Fatal(err)
		}
		if h.First != want {
			t.Errorf("load %d: first %v, want %v", i, h.First, want)
		}
		if i == 0 {
			continue // loading alone is no start
		}
		if err := h.Begun(); err != nil {
			t.Fatal(err)
		}
	}
}
