package main

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"

	"github.com/urfave/cli/v2"

	"abad/home"
)

func rekeyCommand() *cli.Command {
	return &cli.Command{
		Name:      "rekey",
		Usage:     "give a node a new key for its links",
		UsageText: "abad rekey --home DIR/node0",
		Description: "The node must be stopped. The line that this prints goes into the node's entry of cluster.toml, on every\n" +
			"node; then restart them one by one. The node's share of the threshold key stays: against a thief of\n" +
			"both keys only a new cluster helps. The old key is kept as node.key.old until you delete it.\n\n" +
			"Example:\n   abad rekey --home cluster/node3",
		Flags:  []cli.Flag{homeFlag()},
		Action: rekeyNode,
	}
}

func rekeyNode(c *cli.Context) error {
	if err := atMost(c, 0); err != nil {
		return err
	}
	h, err := loadHome(c)
	if err != nil {
		return err
	}
	key, err := home.Rekey(h.Dir, rand.Reader)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.App.Writer, "new_key = %q\n", hex.EncodeToString(key))
	w := c.App.ErrWriter
	fmt.Fprintf(w, "abad: put this line below index = %d in %s of every node, in place of an older new_key\n", h.Self, home.ClusterFile)
	fmt.Fprintf(w, "abad: then start this node, restart the others one by one, and delete %s\n", home.OldKeyFile)
	return nil
}
