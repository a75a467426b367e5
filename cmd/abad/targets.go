package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"abad/client"
	"abad/home"
	"abad/survey"
)

func clusterFlag() *cli.StringFlag {
	return &cli.StringFlag{Name: "cluster",
		Usage: "all nodes: a directory of homes, one home, or URLs of APIs with commas"}
}

// clusterTargets finds the APIs of all nodes. The caller closes the clients.
func clusterTargets(spec string) ([]survey.Target, error) {
	urls, known, err := clusterURLs(spec)
	if err != nil {
		return nil, err
	}
	var targets []survey.Target
	for i, url := range urls {
		api, err := client.New(client.Config{URL: url, Attempts: 1})
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
		return nil, false, usagef("--cluster: %s is not a directory", spec)
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
func rosterURLs(dir string) (urls []string, err error) {
	if _, err := os.Stat(filepath.Join(dir, home.ClusterFile)); err != nil {
		return nil, usagef("--cluster: %s has neither homes of nodes nor a %s", dir, home.ClusterFile)
	}
	h, err := home.Load(dir)
	if err != nil {
		return nil, err
	}
	for i, n := range h.Roster.Nodes {
		if n.API == "" {
			return nil, hintf(fmt.Errorf("--cluster: %s does not say where the API of node %d is", filepath.Join(dir, home.ClusterFile), i),
				"add api = \"HOST:PORT\" to its [[node]], or give the URLs of the APIs with commas")
		}
		urls = append(urls, "http://"+n.API)
	}
	return urls, nil
}
