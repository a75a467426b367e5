package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"abad/home"
	"abad/survey"
)

func clusterFlag() *cli.StringFlag {
	return &cli.StringFlag{Name: "cluster", TakesFile: true,
		Usage: "all nodes: a directory of homes, one home, URLs of APIs with commas, or a file with one in each line"}
}

// clusterTargets finds the APIs of all nodes. The caller closes the clients.
func clusterTargets(c *cli.Context) ([]survey.Target, error) {
	urls, known, err := clusterURLs(c.String("cluster"))
	if err != nil {
		return nil, err
	}
	var targets []survey.Target
	for i, url := range urls {
		api, err := clientAt(c, url)
		if err != nil {
			return nil, usageError{fmt.Errorf("--cluster: %w", err)}
		}
		t := survey.Target{Name: url, Client: api, Node: -1}
		if known {
			t.Node = i
		}
		targets = append(targets, t)
	}
	return targets, nil
}

func closeTargets(targets []survey.Target) {
	for _, t := range targets {
		t.Client.Close()
	}
}

// clusterURLs reads --cluster. known says that the URLs are those of nodes 0, 1
// and so on; of URLs on the command line nobody said so.
func clusterURLs(spec string) (urls []string, known bool, err error) {
	info, err := os.Stat(spec)
	switch {
	case err == nil && !info.IsDir():
		urls, err = readURLs(spec)
		return urls, strings.HasSuffix(spec, ".toml"), err
	case errors.Is(err, fs.ErrNotExist) && !strings.ContainsAny(spec, ":,"):
		return nil, false, usagef("--cluster: there is no directory %s, and it is no URL", spec)
	case err != nil:
		return strings.Split(spec, ","), false, nil
	}
	homes, err := findCluster(spec)
	if err != nil {
		return nil, false, err
	}
	for _, h := range homes {
		urls = append(urls, h.api)
	}
	if len(urls) > 0 {
		return urls, true, nil
	}
	urls, err = rosterURLs(spec)
	return urls, true, err
}

// rosterURLs are the APIs that the roster in a home names.
func rosterURLs(dir string) ([]string, error) {
	file := filepath.Join(dir, home.ClusterFile)
	if _, err := os.Stat(file); err != nil {
		return nil, usagef("--cluster: %s has neither homes of nodes nor a %s", dir, home.ClusterFile)
	}
	urls, err := readURLs(file)
	if err != nil {
		return nil, hintf(fmt.Errorf("--cluster: %w", err),
			"add api = \"HOST:PORT\" to every [[node]], or give the URLs of the APIs with commas")
	}
	for i := range urls {
		urls[i] = home.APIURL(urls[i])
	}
	return urls, nil
}

// readURLs reads a URL in each line, or the cluster.toml of a cluster that says
// where its APIs are.
func readURLs(file string) ([]string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var urls []string
	if strings.HasSuffix(file, ".toml") {
		roster, err := home.ParseRoster(file, data)
		if err != nil {
			return nil, err
		}
		for i, n := range roster.Nodes {
			if n.API == "" {
				return nil, fmt.Errorf("%s does not say where the API of node %d is", file, i)
			}
			urls = append(urls, n.API)
		}
		return urls, nil
	}
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			urls = append(urls, line)
		}
	}
	if len(urls) == 0 {
		return nil, fmt.Errorf("%s has no URL in it", file)
	}
	return urls, nil
}
