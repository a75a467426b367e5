package doctor

import (
	"context"
	"errors"
	"fmt"
	stdnet "net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"abad/bft"
	"abad/client"
	"abad/net"
)

// patience is how long a peer or an API may take to answer.
const patience = 6 * time.Second

// ask finds out whether the node runs.
func (e *examination) ask(ctx context.Context) {
	api, err := e.Client(e.home)
	if err != nil {
		e.fail("node", "mend api in config.toml", "%v", err)
		return
	}
	defer api.Close()
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	st, err := api.Status(limited)
	var refused *client.Error
	switch {
	case errors.As(err, &refused) && (refused.Status == http.StatusUnauthorized || refused.Status == http.StatusForbidden):
		e.locked = true
		e.warn("node", "give a token of role read: ABAD_TOKEN=... or --token; abad token new makes one", "its API answers and wants a token")
	case errors.Is(err, syscall.ECONNREFUSED):
		e.ok("node", "it does not run")
	case err != nil:
		e.fail("node", "is something else at the address in api of config.toml?", "no status from %s: %v", e.home.Config.API, err)
	case st.Cluster != e.home.Roster.Cluster || st.Node != e.home.Self:
		e.fail("node", "change api in config.toml, or stop who has it", "node %d of cluster %s answers at %s", st.Node, st.Cluster.Short(), e.home.Config.API)
	default:
		e.running, e.status = true, st
		e.state()
	}
}

// state judges the status of the running node.
func (e *examination) state() {
	st := e.status
	switch {
	case st.Ready:
		e.ok("node", "it runs and is ready: height %d, since %s", st.Height, st.Started.UTC().Format(time.RFC3339))
	case st.Silent > 0:
		e.warn("node", "wait: it comes back by itself while the cluster decides; see docs/recovery.md",
			"it lost its store and keeps silent up to epoch %d; height %d", st.Silent, st.Height)
	case st.Behind > 0:
		e.warn("node", "wait: its log says how long", "it is %d blocks behind, at height %d", st.Behind, st.Height)
	default:
		e.fail("node", fmt.Sprintf("bring peers back until %d nodes see each other", st.Nodes-st.Faulty),
			"it runs and cannot decide: too few links, height %d", st.Height)
	}
}

// ports checks that the node can have its ports, or has them.
func (e *examination) ports() {
	conf := e.home.Config
	udp, err := stdnet.ListenPacket("udp", conf.Listen)
	e.bound = errors.Is(err, syscall.EADDRINUSE)
	if err == nil {
		udp.Close()
	}
	e.bind("udp "+conf.Listen, "listen", err)
	if e.running || e.locked {
		e.ok("ports", "tcp %s is held by this node", conf.API)
		return
	}
	tcp, err := stdnet.Listen("tcp", conf.API)
	if err == nil {
		tcp.Close()
	}
	e.bind("tcp "+conf.API, "api", err)
}

func (e *examination) bind(name, key string, err error) {
	held := errors.Is(err, syscall.EADDRINUSE)
	switch {
	case held && (e.running || e.locked):
		e.ok("ports", "%s is held by this node", name)
	case held:
		e.fail("ports", fmt.Sprintf("change %s in config.toml, or stop who has it (ss -lunpt names it)", key), "%s is in use, and not by this node", name)
	case err != nil:
		e.fail("ports", fmt.Sprintf("change %s in config.toml", key), "%s cannot be had: %v", name, err)
	case e.running:
		e.fail("ports", fmt.Sprintf("restart the node: %s in config.toml has changed since it started", key), "%s is free although the node runs", name)
	default:
		e.ok("ports", "%s is free", name)
	}
}

// peers asks the node about them if it runs, and probes them if not.
func (e *examination) peers(ctx context.Context) {
	switch {
	case len(e.home.Roster.Nodes) == 1, e.locked:
	case e.running:
		e.links()
	case e.bound:
		e.warn("peers", "stop it first", "not looked at: a process holds this node's UDP port, and may be using its key")
	default:
		e.probeAll(ctx)
	}
}

func (e *examination) links() {
	for _, p := range e.status.Peers {
		switch {
		case !p.Up && p.Error != "":
			e.warn("peers", e.wayTo(p.Node), "no link to node %d at %s: %q", p.Node, p.Addr, p.Error)
		case !p.Up:
			e.warn("peers", e.wayTo(p.Node), "no link to node %d at %s", p.Node, p.Addr)
		case p.Faults > 0:
			e.warn("peers", "ask its operator; its messages are in this node's log", "node %d sent %d messages that no correct node sends", p.Node, p.Faults)
		default:
			e.ok("peers", "node %d at %s: %s, height %d, %.1f ms", p.Node, p.Addr, net.WireFormat, p.Height, p.RTT)
		}
	}
}

// wayTo says who dials whom, which says whose firewall to look at.
func (e *examination) wayTo(peer bft.ID) string {
	if peer < e.home.Self {
		return "this node dials it: " + e.seek(peer)
	}
	return fmt.Sprintf("it dials this node: does it run, is this node's address right in cluster.toml there, and is UDP port %s open here?", port(e.home.Config.Listen))
}

// seek is what to look at when a peer does not answer.
func (e *examination) seek(peer bft.ID) string {
	return fmt.Sprintf("does it run, is its address right in cluster.toml here, and is UDP port %s open there?", port(e.home.Roster.Nodes[peer].Addr))
}

func port(addr string) string {
	if _, p, err := stdnet.SplitHostPort(addr); err == nil {
		return p
	}
	return addr
}

func (e *examination) probeAll(ctx context.Context) {
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conf := e.Links(e.home)
	found := make([]Report, len(conf.Peers))
	var probing sync.WaitGroup
	for i := range conf.Peers {
		if id := bft.ID(i); id != conf.Self {
			probing.Go(func() { e.probe(limited, conf, id, &found[i]) })
		}
	}
	probing.Wait()
	for _, r := range found {
		e.Report = append(e.Report, r...)
	}
}

func (e *examination) probe(ctx context.Context, conf net.Config, id bft.ID, r *Report) {
	took, err := net.Probe(ctx, conf, id)
	addr := conf.Peers[id].Addr
	switch {
	case errors.Is(err, net.ErrOtherWire):
		r.fail("peers", "run releases that understand each other on all nodes", "node %d at %s: %v", id, addr, err)
	case errors.Is(err, context.DeadlineExceeded):
		r.warn("peers", e.seek(id), "node %d at %s: nothing answers", id, addr)
	case err != nil:
		r.warn("peers", e.seek(id), "node %d at %s: %v", id, addr, err)
	default:
		r.ok("peers", "node %d at %s: %s, its key, %.1f ms to shake hands", id, addr, net.WireFormat, float64(took.Microseconds())/1000)
	}
}
