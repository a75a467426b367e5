package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"abad/home"
)

// homeDir is the home of a node on this machine, and the URL of its API.
type homeDir struct{ dir, api string }

// createCluster makes a cluster for this machine in dir. It takes the given ports
// if they are free, else any that are, and says which it took.
func createCluster(dir string, nodes int, want ports) ([]homeDir, ports, error) {
	took := want
	if want == (ports{}) || !want.free(nodes) {
		var err error
		if took, err = freePorts(nodes); err != nil {
			return nil, took, err
		}
	}
	dirs, err := home.Create(home.CreateOptions{Dir: dir, Nodes: nodes, Port: took.peer, APIPort: took.api})
	if err != nil {
		return nil, took, err
	}
	homes, err := loadCluster(dirs)
	return homes, took, err
}

// findCluster gives the homes in dir, in order; none if there is no such directory.
func findCluster(dir string) ([]homeDir, error) {
	var dirs []string
	for i := 0; ; i++ {
		path := filepath.Join(dir, fmt.Sprintf("node%d", i))
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return loadCluster(dirs)
		} else if err != nil {
			return nil, err
		}
		dirs = append(dirs, path)
	}
}

func loadCluster(dirs []string) ([]homeDir, error) {
	var homes []homeDir
	for _, dir := range dirs {
		h, err := home.Load(dir)
		if err != nil {
			return nil, err
		}
		homes = append(homes, homeDir{dir: dir, api: ownURL(h)})
	}
	return homes, nil
}
