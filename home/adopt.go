package home

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Adopt puts what a bundle has into a home, which it makes if there is none: an
// orchestrator hands out files that others may read or nobody may write, and a home
// is its owner's. It can be done again before every start; then it brings edited
// addresses and settings, and never another node's keys.
//
// The file that says "this node has never run" is taken only into a home that did
// not exist. Where bundles outlive homes, take it out of the bundle once the node has
// run: a home that was lost would else look new, and a node that has forgotten what
// it said could contradict itself.
//
// made reports that there was no home before.
func Adopt(bundle, dir string) (made bool, err error) {
	files, err := readBundle(bundle)
	if err != nil {
		return false, err
	}
	old, err := os.ReadFile(filepath.Join(dir, NodeKeyFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		made = true
	case err != nil:
		return false, err
	case !bytes.Equal(old, files[NodeKeyFile]):
		return false, fmt.Errorf("%s is the home of another node than %s: their %s differ", dir, bundle, NodeKeyFile)
	}
	if made {
		if err := os.MkdirAll(filepath.Join(dir, DataDir), 0o700); err != nil {
			return false, err
		}
	}
	for _, name := range []string{FirstFile, TokensFile, ConfigFile, ClusterFile, CoinKeyFile, NodeKeyFile} { // the key last: it makes a home of it
		data, ok := files[name]
		if !ok || name == FirstFile && !made {
			continue
		}
		if err := replaceFile(filepath.Join(dir, name), data); err != nil {
			return false, err
		}
	}
	if err := syncDir(dir); err != nil {
		return false, err
	}
	_, err = Load(dir)
	return made, err
}

// readBundle reads what a home needs and what it may have.
func readBundle(bundle string) (map[string][]byte, error) {
	files := map[string][]byte{}
	for name, needed := range map[string]bool{
		ConfigFile: true, ClusterFile: true, NodeKeyFile: true, CoinKeyFile: true, TokensFile: false, FirstFile: false,
	} {
		data, err := read(filepath.Join(bundle, name), maxTOML, false)
		switch {
		case err == nil:
			files[name] = data
		case errors.Is(err, fs.ErrNotExist) && !needed:
		case errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("%s is not the bundle of a node: it has no %s", bundle, name)
		default:
			return nil, err
		}
	}
	return files, nil
}

// replaceFile writes a file of the owner's alone, so that there is the old one or
// the new one at any time.
func replaceFile(path string, data []byte) error {
	temp, err := os.CreateTemp(filepath.Dir(path), ".adopt-")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	_, err = temp.Write(data)
	if err := errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return err
	}
	return os.Rename(temp.Name(), path)
}
