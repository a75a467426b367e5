package home

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"abad/bft"
	"abad/coin"
)

// The files of a home.
const (
	ConfigFile  = "config.toml"
	ClusterFile = "cluster.toml"
	NodeKeyFile = "node.key"
	CoinKeyFile = "coin.key"
	DataDir     = "data"
	FirstFile   = "first-start" // only until the first start
)

// Limits of what Load reads, so that a wrong path costs nothing: 256 nodes with
// the longest addresses need 200 KB, a key 200 bytes.
const (
	maxTOML = 256 << 10
	maxKey  = 4 << 10
)

// Home is a node's home with everything in it.
type Home struct {
	Dir     string
	Self    bft.ID // this node in the roster
	Config  Config // with listen and API addresses and log format filled in
	Roster  Roster
	NodeKey ed25519.PrivateKey
	CoinKey *coin.Key
	First   bool // the node has never run
}

// Data is the directory of the store.
func (h *Home) Data() string { return filepath.Join(h.Dir, DataDir) }

// Begun notes that the node has run.
func (h *Home) Begun() error {
	if !h.First {
		return nil
	}
	h.First = false
	return os.Remove(filepath.Join(h.Dir, FirstFile))
}

// Load reads the home in dir and checks that its parts belong together.
func Load(dir string) (*Home, error) {
	h := &Home{Dir: dir}
	if _, err := os.Stat(filepath.Join(dir, ClusterFile)); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is not the home of a node: it has no %s", dir, ClusterFile)
	}
	for _, step := range []func() error{h.loadRoster, h.loadNodeKey, h.loadCoinKey, h.loadConfig} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	_, err := os.Stat(filepath.Join(dir, FirstFile))
	h.First = err == nil
	return h, nil
}

func (h *Home) loadRoster() error {
	path := filepath.Join(h.Dir, ClusterFile)
	data, err := read(path, maxTOML, false)
	if err != nil {
		return err
	}
	h.Roster, err = ParseRoster(path, data)
	return err
}

func (h *Home) loadConfig() error {
	path := filepath.Join(h.Dir, ConfigFile)
	data, err := read(path, maxTOML, false)
	if err != nil {
		return err
	}
	c, err := ParseConfig(path, data)
	h.Config = c.withDefaults(h.Roster.Nodes[h.Self])
	h.Config.Access = c.Access.In(h.Dir)
	return err
}

func (h *Home) loadNodeKey() error {
	path := filepath.Join(h.Dir, NodeKeyFile)
	data, err := read(path, maxKey, true)
	if err != nil {
		return err
	}
	if h.NodeKey, err = parseNodeKey(data); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	self, ok := h.Roster.Index(h.NodeKey.Public().(ed25519.PublicKey))
	if !ok {
		return fmt.Errorf("%s: %s does not belong to any node of %s", path, NodeKeyFile, ClusterFile)
	}
	h.Self = self
	return nil
}

func (h *Home) loadCoinKey() error {
	path := filepath.Join(h.Dir, CoinKeyFile)
	data, err := read(path, maxKey, true)
	if err != nil {
		return err
	}
	secret, err := parseCoinKey(data)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if secret.ID() != h.Self {
		return fmt.Errorf("%s: the share is that of node %d, and %s is that of node %d", path, secret.ID(), NodeKeyFile, h.Self)
	}
	if h.CoinKey, err = coin.NewKey(h.Roster.Group, secret); err != nil {
		return fmt.Errorf("%s: the share does not fit the group key in %s: %w", path, ClusterFile, err)
	}
	return nil
}

// read returns a file of at most limit bytes. A secret one must be the owner's
// alone.
func read(path string, limit int64, secret bool) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a file", path)
	}
	if mode := info.Mode().Perm(); secret && mode&0o077 != 0 && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("%s can be read by others (mode %04o): chmod 600 %s", path, mode, path)
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%s has more than %d bytes", path, limit)
	}
	return data, err
}
