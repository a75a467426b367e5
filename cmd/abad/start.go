package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/sync/errgroup"

	"abad/api"
	"abad/home"
	"abad/metrics"
	"abad/net"
	"abad/node"
	"abad/page"
)

func startCommand() *cli.Command {
	return &cli.Command{
		Name:      "start",
		Usage:     "run a node until it is told to stop",
		UsageText: "abad start --home DIR/node0",
		Description: "The node logs to standard error. SIGTERM or ctrl-C stops it in order, a second one at once;\n" +
			"neither loses anything.\n\n" +
			"Example:\n   abad start --home cluster/node0",
		Flags: append(testFlags(),
			&cli.StringFlag{Name: "home", TakesFile: true, EnvVars: []string{"ABAD_HOME"}, Usage: "home directory of the node, made by abad init"},
			&cli.BoolFlag{Name: "pprof", Usage: "serve profiles at /debug/pprof/ also while nobody has made a token"},
		),
		Action: startNode,
	}
}

func startNode(c *cli.Context) error {
	if err := atMost(c, 0); err != nil {
		return err
	}
	dir := c.String("home")
	if dir == "" {
		return hintf(usagef("--home is missing"), "abad init makes homes; ABAD_HOME can name one too")
	}
	h, err := home.Load(dir)
	if err != nil {
		return err
	}
	log, level := logger(c.App.ErrWriter, h.Config.Log)
	served, err := openAPI(h, log)
	if err != nil {
		return err
	}
	defer served.Listener.Close()
	profiles, err := listenForProfiles(c.String(flagProfiles)) // before the API answers: who sees that may ask
	if err != nil {
		return err
	}
	meters := metrics.New(release, revision())
	conf, err := underTest(c, h, nodeConfig(h, log))
	if err != nil {
		return err
	}
	conf.Meters = meters.Meters()
	n, err := node.New(conf)
	if err != nil {
		return err
	}
	if err := h.Begun(); err != nil {
		return err
	}
	meters.Watch(n)
	served.Node, served.Proofs, served.Backup = api.Of(n), n, n
	served.Decisions, served.Agreements, served.Watch = n, n, n
	served.Metrics, served.Page = meters.Registry, page.Handlers()
	served.Level, served.Profiles = level, c.Bool("pprof")
	server, err := api.New(served)
	if err != nil {
		return err
	}
	parts, ctx := errgroup.WithContext(c.Context)
	parts.Go(func() error { return n.Run(ctx) })
	parts.Go(func() error { return server.Run(ctx) })
	parts.Go(func() error { return serveProfiles(ctx, profiles) })
	parts.Go(func() error { return announce(ctx, n, log, address(served)) })
	if err := parts.Wait(); err != nil {
		if errors.Is(err, syscall.EADDRINUSE) {
			return hintf(err, "change listen in %s, or stop who has it", home.ConfigFile)
		}
		return err
	}
	log.Info("node stopped", "height", n.Height())
	return nil
}

func nodeConfig(h *home.Home, log *slog.Logger) node.Config {
	conf := node.Config{
		Self:    h.Self,
		Cluster: h.Roster.Cluster,
		Era:     h.Roster.Era,
		Roster:  h.Roster.Hash(),
		Epochs:  h.Roster.Window,
		NodeKey: h.NodeKey,
		CoinKey: h.CoinKey,
		Listen:  h.Config.Listen,
		Dir:     h.Data(),
		First:   h.First,
		Retain:  h.Config.Store.Retain, PruneAnyway: h.Config.Store.PruneAnyway,
		Limits: node.Limits{
			MaxValue:    h.Config.Limits.MaxValue,
			BatchTarget: h.Config.Limits.BatchTarget,
			Backlog:     h.Config.Limits.Backlog,
		},
		Log: log,
	}
	for _, peer := range h.Roster.Nodes {
		conf.Peers = append(conf.Peers, net.Peer{Key: peer.LinkKey(), Addr: peer.Addr})
	}
	return conf
}

// logger also gives its level, which can be changed while it is in use.
func logger(out io.Writer, conf home.Log) (*slog.Logger, *slog.LevelVar) {
	level := new(slog.LevelVar)
	level.Set(conf.Level)
	options := &slog.HandlerOptions{Level: level}
	if conf.Format == "json" {
		return slog.New(slog.NewJSONHandler(out, options)), level
	}
	return slog.New(slog.NewTextHandler(out, options)), level
}

// announce says when the node can first decide, and where it can be reached.
func announce(ctx context.Context, n *node.Node, log *slog.Logger, url string) error {
	select {
	case <-n.Listening(): // a cluster of one is ready before that
	case <-ctx.Done():
		return nil
	}
	again := time.NewTicker(readyPoll)
	defer again.Stop()
	for {
		status, err := n.Status(ctx)
		if err != nil {
			return nil // it is stopping, and Run says why
		}
		if status.Ready {
			log.Info("ready", "node", status.Node, "nodes", status.Nodes, "height", status.Height,
				"peers", n.Addr().String(), "api", url)
			return nil
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return nil
		}
	}
}
