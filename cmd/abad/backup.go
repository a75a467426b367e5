package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"abad/home"
	"abad/node"
	"abad/store"
)

func backupCommand() *cli.Command {
	return &cli.Command{
		Name:      "backup",
		Usage:     "copy the store of a running node into a file",
		UsageText: "abad backup [--api URL] FILE",
		Description: "The copy is as of one moment. Keys and configuration are not in it: copy the home's other files\n" +
			"once, they do not change. FILE must not exist.\n\n" +
			"Example:\n   abad backup --api http://127.0.0.1:7501 node1.backup",
		Flags:  []cli.Flag{apiFlag()},
		Action: backup,
	}
}

func backup(c *cli.Context) error {
	if c.NArg() != 1 {
		return usagef("one FILE is needed, and there are %d", c.NArg())
	}
	name := c.Args().First()
	if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(fmt.Errorf("%s exists already, and nothing is overwritten", name), err)
	}
	api, err := newClient(c)
	if err != nil {
		return err
	}
	defer api.Close()
	file, err := os.CreateTemp(filepath.Dir(name), ".backup-")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	if err := api.Backup(c.Context, file); err != nil {
		return errors.Join(apiError(c.String("api"), err), file.Close())
	}
	if err := errors.Join(file.Sync(), file.Close(), os.Rename(file.Name(), name)); err != nil {
		return err
	}
	fmt.Fprintf(c.App.ErrWriter, "backup in %s\n", name)
	return nil
}

func restoreCommand() *cli.Command {
	return &cli.Command{
		Name:      "restore",
		Usage:     "make the store of a node from a backup",
		UsageText: "abad restore --home DIR/node0 FILE",
		Description: "The node must be stopped, and its data directory empty or away. At its next start it keeps silent\n" +
			"until it cannot contradict what it said after the backup, and catches up.\n\n" +
			"Example:\n   mv node1/data node1/data.old && abad restore --home node1 node1.backup",
		Flags:  []cli.Flag{homeFlag()},
		Action: restore,
	}
}

func homeFlag() cli.Flag {
	return &cli.StringFlag{Name: "home", TakesFile: true, EnvVars: []string{"ABAD_HOME"}, Usage: "home directory of the node"}
}

func loadHome(c *cli.Context) (*home.Home, error) {
	if c.String("home") == "" {
		return nil, hintf(usagef("--home is missing"), "ABAD_HOME can name one too")
	}
	return home.Load(c.String("home"))
}

func restore(c *cli.Context) error {
	if c.NArg() != 1 {
		return usagef("one FILE is needed, and there are %d", c.NArg())
	}
	h, err := loadHome(c)
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(h.Data())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if len(entries) > 0 {
		return hintf(fmt.Errorf("%s is not empty, and nothing is overwritten", h.Data()), "move it away first")
	}
	file, err := os.Open(c.Args().First())
	if err != nil {
		return err
	}
	defer file.Close()
	if err := node.Restore(h.Data(), file); err != nil {
		return err
	}
	if err := h.Begun(); err != nil {
		return err
	}
	fmt.Fprintf(c.App.ErrWriter, "restored; the node will be silent at first, and catch up\n")
	return nil
}

func inspectCommand() *cli.Command {
	return &cli.Command{
		Name:      "inspect",
		Usage:     "look into the store of a stopped node, and check it",
		UsageText: "abad inspect --home DIR/node0 [--json]",
		Description: "Every block, certificate and batch is read and checked. The exit code is 1 if something is wrong.\n\n" +
			"Example:\n   abad inspect --home cluster/node0",
		Flags:  []cli.Flag{homeFlag(), &cli.BoolFlag{Name: "json", Usage: "print one JSON object"}},
		Action: inspect,
	}
}

func inspect(c *cli.Context) error {
	if err := atMost(c, 0); err != nil {
		return err
	}
	h, err := loadHome(c)
	if err != nil {
		return err
	}
	r, err := node.Inspect(h.Data(), h.Roster.Group.PublicKey(), func(done, of uint64) {
		if done%1000 == 0 {
			fmt.Fprintf(c.App.ErrWriter, "%d of %d blocks\n", done, of)
		}
	})
	if errors.Is(err, store.ErrLocked) {
		return hintf(err, "stop the node first; abad status asks a running one")
	}
	if err != nil {
		return hintf(err, "the store cannot be read: move data away, and abad restore a backup or let the node fetch everything anew")
	}
	if c.Bool("json") {
		err = json.NewEncoder(c.App.Writer).Encode(r)
	} else {
		err = printReport(c, r)
	}
	if err == nil && len(r.Problems) > 0 {
		err = hintf(fmt.Errorf("%d problems", len(r.Problems)), "move data away, and abad restore a backup or let the node fetch everything anew: it keeps silent until that is safe")
	}
	return err
}

func printReport(c *cli.Context, r node.Report) error {
	w := tabwriter.NewWriter(c.App.Writer, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "height\t%d\n", r.Height)
	fmt.Fprintf(w, "hash\t%s\n", r.Hash)
	fmt.Fprintf(w, "certified\t%d\n", r.Certified)
	fmt.Fprintf(w, "without certificate\t%d\n", r.Uncertified)
	fmt.Fprintf(w, "values\t%d\n", r.Values)
	fmt.Fprintf(w, "payload pruned up to\t%d\n", r.Pruned)
	fmt.Fprintf(w, "epochs under way\t%v\n", r.Journals)
	fmt.Fprintf(w, "open decisions\t%d\n", r.Decisions)
	fmt.Fprintf(w, "batches in no block\t%d, %d bytes\n", r.Pending, r.PendingSize)
	fmt.Fprintf(w, "on disk\t%d bytes\n", r.Size)
	if r.Silent {
		fmt.Fprintf(w, "silent\tthe node has lost its memory\n")
	}
	for _, p := range r.Problems {
		fmt.Fprintf(w, "problem\t%s\n", p)
	}
	return w.Flush()
}
