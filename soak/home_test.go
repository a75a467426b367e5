package soak

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"abad/net/nettest"
)

// copyHome makes a home of the same node with the same store, at other addresses.
func copyHome(t *testing.T, home string) string {
	t.Helper()
	dir := home + "-copy"
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(home)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		from, to := filepath.Join(home, f.Name()), filepath.Join(dir, f.Name())
		if f.IsDir() {
			err = os.Symlink(from, to) // the store
		} else {
			var data []byte
			if data, err = os.ReadFile(from); err == nil {
				err = os.WriteFile(to, data, 0o600)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	addr := nettest.FreeAddrs(t, 1)[0]
	setConfig(t, dir, "listen", addr)
	setConfig(t, dir, "api", addr)
	return dir
}

// setConfig sets a top-level string of a home's config.toml and gives the old one.
func setConfig(t *testing.T, home, key, value string) (old string) {
	t.Helper()
	path := filepath.Join(home, "config.toml")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^` + key + ` = "(.*)"$`)
	found := line.FindSubmatch(data)
	if found == nil {
		t.Fatalf("%s has no %s", path, key)
	}
	data = line.ReplaceAll(data, fmt.Appendf(nil, "%s = %q", key, value))
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return string(found[1])
}

func logSays(t *testing.T, d *daemon, text string) bool {
	t.Helper()
	data, err := os.ReadFile(d.log)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Contains(data, []byte(text))
}
