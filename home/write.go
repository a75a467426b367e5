package home

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
)

var nodeDir = regexp.MustCompile(`^node[0-9]+$`)

// write makes the homes in a directory beside their places and then moves them
// there, so that a failure leaves nothing behind that looks like a node.
func (c *cluster) write(dir string) (homes []string, err error) {
	if err := checkVacant(dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	temp, err := os.MkdirTemp(dir, ".init-")
	if err != nil {
		return nil, err
	}
	defer func() {
		err = errors.Join(err, os.RemoveAll(temp))
	}()
	for i := range c.keys {
		if err := c.writeHome(i, filepath.Join(temp, homeName(i))); err != nil {
			return nil, err
		}
	}
	for i := range c.keys {
		home := filepath.Join(dir, homeName(i))
		if c.moving != nil {
			c.moving(i)
		}
		if err := os.Rename(filepath.Join(temp, homeName(i)), home); err != nil {
			for _, made := range homes {
				err = errors.Join(err, os.RemoveAll(made))
			}
			return nil, err
		}
		homes = append(homes, home)
	}
	return homes, syncDir(dir)
}

func homeName(i int) string { return fmt.Sprintf("node%d", i) }

// checkVacant refuses a directory with any node in it, also one with an index
// that the new cluster does not have: homes of two clusters would lie side by side.
func checkVacant(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if nodeDir.MatchString(e.Name()) {
			return fmt.Errorf("%s exists already, and nothing is overwritten: %w", filepath.Join(dir, e.Name()), fs.ErrExist)
		}
	}
	return nil
}

func (c *cluster) writeHome(i int, dir string) error {
	nodeKey, err := encodeNodeKey(c.keys[i])
	if err != nil {
		return err
	}
	coinKey, err := encodeCoinKey(c.secrets[i])
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(dir, DataDir), 0o700); err != nil {
		return err
	}
	for _, f := range []struct {
		name string
		data []byte
		mode os.FileMode
	}{
		{ConfigFile, encodeConfig(c.spots[i].listen, c.spots[i].api), 0o644},
		{ClusterFile, c.roster.encode(), 0o644},
		{NodeKeyFile, nodeKey, 0o600},
		{CoinKeyFile, coinKey, 0o600},
		{FirstFile, []byte(firstText), 0o644},
	} {
		if err := writeFile(filepath.Join(dir, f.name), f.data, f.mode); err != nil {
			return err
		}
	}
	return syncDir(dir)
}

// firstText is for whoever wonders about the file.
const firstText = `This node has never run. Its first start removes this file.

An empty data directory without this file means that the node's memory was lost:
it then keeps silent until it cannot contradict what it said before. So do not
copy this file back into a home whose node has run.
`

func writeFile(path string, data []byte, mode os.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// syncDir makes the names in a directory durable.
func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
