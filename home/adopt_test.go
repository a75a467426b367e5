package home

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func adopt(t *testing.T, bundle, dir string) bool {
	t.Helper()
	made, err := Adopt(bundle, dir)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestAdopt(t *testing.T) {
	bundles := create(t, CreateOptions{Nodes: 4})
	bundle, dir := bundles[1], filepath.Join(t.TempDir(), "home")
	if err := os.Chmod(filepath.Join(bundle, NodeKeyFile), 0o440); err != nil { // as orchestrators do
		t.Fatal(err)
	}
	if !adopt(t, bundle, dir) {
		t.Error("a home that was not there is not new")
	}
	h, err := Load(dir)
	if err != nil || h.Self != 1 || !h.First {
		t.Fatalf("%+v, %v", h, err)
	}
	// Once it has run it has, whatever the bundle says.
	if err := h.Begun(); err != nil {
		t.Fatal(err)
	}
	replace(t, bundle, ClusterFile, "127.0.0.1:7402", "moved.example:7402")
	if adopt(t, bundle, dir) {
		t.Error("the home is new again")
	}
	if h, err = Load(dir); err != nil || h.First || h.Roster.Nodes[2].Addr != "moved.example:7402" {
		t.Errorf("%+v, %v", h, err)
	}
	// A home of which the store was lost, from a bundle as it is after the first start.
	if err := os.Remove(filepath.Join(bundle, FirstFile)); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if !adopt(t, bundle, dir) {
		t.Error("a home that was lost is not made")
	}
	if h, err = Load(dir); err != nil || h.First {
		t.Errorf("a node that may have forgotten passes for new: %+v, %v", h, err)
	}
}

func TestAdoptRefuses(t *testing.T) {
	bundles := create(t, CreateOptions{Nodes: 2})
	dir := t.TempDir()
	adopt(t, bundles[0], dir)
	if _, err := Adopt(bundles[1], dir); err == nil || !strings.Contains(err.Error(), "is the home of another node") {
		t.Error(err)
	}
	if h, err := Load(dir); err != nil || h.Self != 0 {
		t.Errorf("the home was touched: %v", err)
	}
	for _, name := range []string{ConfigFile, ClusterFile, NodeKeyFile, CoinKeyFile} {
		bundle := create(t, CreateOptions{Nodes: 1})[0]
		if err := os.Remove(filepath.Join(bundle, name)); err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join(t.TempDir(), "home")
		if _, err := Adopt(bundle, dir); err == nil || !strings.Contains(err.Error(), "has no "+name) {
			t.Errorf("without %s: %v", name, err)
		}
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("without %s a home was begun", name)
		}
	}
	bundle := create(t, CreateOptions{Nodes: 1})[0]
	if err := os.WriteFile(filepath.Join(bundle, ConfigFile), make([]byte, maxTOML+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Adopt(bundle, filepath.Join(t.TempDir(), "home")); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("a file that never ends: %v", err)
	}
}
