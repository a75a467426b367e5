package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"abad/access"
	"abad/home"
)

func tokenCommand() *cli.Command {
	return &cli.Command{
		Name:      "token",
		Usage:     "say who may use a node's API",
		UsageText: "abad token new --home DIR --role ROLE NAME\nabad token list --home DIR\nabad token remove --home DIR NAME",
		Description: "A token is shown once, when it is made; the home keeps its hash. The first one makes the API\n" +
			"ask everybody for a token. A running node takes changes within a second. Programs send it as\n" +
			"\"Authorization: Bearer TOKEN\"; these commands take it with --token or ABAD_TOKEN.\n\n" +
			"Roles: read (the log, status, metrics), submit (and values), operate (and votes, backups, profiles).\n\n" +
			"Examples:\n   abad token new --home cluster/node0 --role submit billing\n   abad token list --home cluster/node0",
		Subcommands: []*cli.Command{
			{
				Name: "new", Usage: "make a token and print it", UsageText: "abad token new --home DIR --role ROLE NAME",
				Flags:  []cli.Flag{homeFlag(), &cli.StringFlag{Name: "role", Usage: "`ROLE`: " + strings.Join(access.Roles(), ", ")}},
				Action: newToken,
			},
			{Name: "list", Usage: "show whose tokens there are", UsageText: "abad token list --home DIR", Flags: []cli.Flag{homeFlag()}, Action: listTokens},
			{Name: "remove", Usage: "take a token's access away", UsageText: "abad token remove --home DIR NAME", Flags: []cli.Flag{homeFlag()}, Action: removeToken},
		},
		Action: func(c *cli.Context) error {
			return hintf(usagef("new, list or remove is missing"), "abad help token")
		},
	}
}

// tokensFile is the file of tokens of the home that the command line names. It reads
// config.toml alone, so that tokens can be made where keys cannot be read.
func tokensFile(c *cli.Context) (string, error) {
	dir := c.String("home")
	if dir == "" {
		return "", hintf(usagef("--home is missing"), "ABAD_HOME can name one too")
	}
	path := filepath.Join(dir, home.ConfigFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%s is not the home of a node: it has no %s", dir, home.ConfigFile)
	}
	if err != nil {
		return "", err
	}
	conf, err := home.ParseConfig(path, data)
	if err != nil {
		return "", err
	}
	return conf.Access.In(dir).Tokens, nil
}

func newToken(c *cli.Context) error {
	if c.NArg() != 1 {
		return hintf(usagef("one NAME is needed, and there are %d", c.NArg()), "abad token new --home DIR --role read grafana")
	}
	if c.String("role") == "" {
		return hintf(usagef("--role is missing"), "it is one of %s", strings.Join(access.Roles(), ", "))
	}
	role, err := access.ParseRole(c.String("role"))
	if err != nil {
		return usageError{fmt.Errorf("--role: %w", err)}
	}
	name := c.Args().First()
	if err := access.CheckName(name); err != nil {
		return usageError{err}
	}
	path, err := tokensFile(c)
	if err != nil {
		return err
	}
	token, err := home.AddToken(path, name, role)
	if err != nil {
		return err
	}
	fmt.Fprintln(c.App.Writer, token)
	fmt.Fprintf(c.App.ErrWriter, "token of %s with the role %s; it is shown this once, and %s has its hash\n", name, role, path)
	return nil
}

func listTokens(c *cli.Context) error {
	if err := atMost(c, 0); err != nil {
		return err
	}
	path, err := tokensFile(c)
	if err != nil {
		return err
	}
	grants, err := home.ReadTokens(path)
	if errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintf(c.App.ErrWriter, "no tokens: everybody on this machine may use the API\n")
		return nil
	}
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(c.App.Writer, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "name\trole\tsha256")
	for _, g := range grants {
		fmt.Fprintf(w, "%s\t%s\t%.16s\n", g.Name, g.Role, g.Hash)
	}
	return w.Flush()
}

func removeToken(c *cli.Context) error {
	if c.NArg() != 1 {
		return usagef("one NAME is needed, and there are %d", c.NArg())
	}
	path, err := tokensFile(c)
	if err != nil {
		return err
	}
	return home.RemoveToken(path, c.Args().First())
}
