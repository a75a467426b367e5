package doctor

import (
	"context"
	"os"
	"path/filepath"
	"runtime"

	"abad/api/wire"
	"abad/client"
	"abad/home"
	"abad/net"
)

// Patient is the node to look at.
type Patient struct {
	Dir string // its home
	// Links gives the node's part in net for a home that loads; peers are
	// probed with it.
	Links func(*home.Home) net.Config
	// Client makes a client of the node's own API.
	Client func(*home.Home) (*client.Client, error)
}

// examination is what the checks share.
type examination struct {
	Patient
	Report
	home    *home.Home
	status  wire.Status
	running bool // the API of this very node answers
	locked  bool // an API answers and wants a token
	bound   bool // somebody holds the UDP port
}

// Examine runs all checks. It stops early when ctx ends.
func Examine(ctx context.Context, p Patient) Report {
	e := &examination{Patient: p}
	e.secrets()
	if !e.files() {
		return e.machine(ctx)
	}
	e.ask(ctx)
	e.ports()
	e.peers(ctx)
	return e.machine(ctx)
}

// machine is what does not need a whole home.
func (e *examination) machine(ctx context.Context) Report {
	e.clock(ctx)
	e.buffers()
	e.descriptors()
	e.disk()
	return e.Report
}

// secrets checks that nobody else can read or replace the keys.
func (e *examination) secrets() {
	if runtime.GOOS == "windows" {
		return // permission bits say nothing there
	}
	bad := false
	for _, f := range []struct {
		name  string
		allow os.FileMode
	}{{".", 0o755}, {home.NodeKeyFile, 0o700}, {home.CoinKeyFile, 0o700}, {home.TokensFile, 0o700}, {home.DataDir, 0o700}} {
		path := filepath.Join(e.Dir, f.name)
		info, err := os.Stat(path)
		if err != nil {
			continue // whether a file may be missing is for files to say
		}
		mode := info.Mode().Perm()
		if mode&^f.allow == 0 {
			continue
		}
		bad = true
		if f.name == "." {
			e.fail("secrets", "chmod go-w "+e.Dir, "%s can be changed by others (mode %04o): they could replace the keys", e.Dir, mode)
		} else {
			e.fail("secrets", "chmod go= "+path, "%s is open to others (mode %04o)", path, mode)
		}
	}
	if !bad {
		e.ok("secrets", "the keys and the store are open to their owner alone")
	}
}

// files loads the home, which checks that its parts belong together.
func (e *examination) files() bool {
	h, err := home.Load(e.Dir)
	if err != nil {
		e.fail("home", "mend the file, or restore it from where abad init ran", "%v", err)
		return false
	}
	e.home = h
	e.ok("home", "node %d of %d, %v; node.key and coin.key fit the roster", h.Self, len(h.Roster.Nodes), h.Roster)
	if _, err := os.Stat(h.Data()); err != nil {
		e.fail("home", "mkdir -m 700 "+h.Data(), "the store's directory is missing: %v", err)
	}
	return true
}
