package home

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// seed gives a fuzzer the files of real homes.
func seed(f *testing.F, file string) {
	for _, o := range []CreateOptions{{Nodes: 1}, {Nodes: 4}, {Nodes: 2, Hosts: []string{"a.example", "fd00::1"}}} {
		data, err := os.ReadFile(filepath.Join(create(f, o)[0], file))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
}

func FuzzRoster(f *testing.F) {
	seed(f, ClusterFile)
	f.Add([]byte("node = [[[[[[[["))
	f.Add([]byte("[[node]]\n[node.index]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := ParseRoster("cluster.toml", data)
		if err != nil {
			return
		}
		again, err := ParseRoster("cluster.toml", r.encode())
		if err != nil || again.Hash() != r.Hash() || !bytes.Equal(again.encode(), r.encode()) {
			t.Fatalf("%v came back as %v: %v", r, again, err)
		}
	})
}

func FuzzConfig(f *testing.F) {
	seed(f, ConfigFile)
	f.Add([]byte("[log]\nlevel = \"debug\"\nformat = \"json\"\n[limits]\nmax_value = 1\nbatch_target = 2\nbacklog = 33554432\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := ParseConfig("config.toml", data)
		if err != nil && !reflect.DeepEqual(c, Config{}) {
			t.Fatalf("%+v with %v", c, err)
		}
		for _, address := range []string{c.Listen, c.API} {
			if address != "" && checkAddress(address, true) != nil {
				t.Fatalf("accepted %q", address)
			}
		}
	})
}

func FuzzNodeKey(f *testing.F) {
	seed(f, NodeKeyFile)
	f.Fuzz(func(t *testing.T, data []byte) {
		key, err := parseNodeKey(data)
		if err != nil {
			return
		}
		if again, err := encodeNodeKey(key); err != nil || !bytes.Equal(again, data) {
			t.Fatalf("two spellings of one key: %v", err)
		}
	})
}

func FuzzCoinKey(f *testing.F) {
	seed(f, CoinKeyFile)
	f.Fuzz(func(t *testing.T, data []byte) {
		secret, err := parseCoinKey(data)
		if err != nil {
			return
		}
		if again, err := encodeCoinKey(secret); err != nil || !bytes.Equal(again, data) {
			t.Fatalf("two spellings of one share: %v", err)
		}
	})
}
