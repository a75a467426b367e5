package api

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"abad/access"
	"abad/batch"
	"abad/ledger"
	"abad/node"
)

// Config says what is served and where.
type Config struct {
	Node   Node
	Proofs Prover // usually the same node; nil: there are no proofs
	Backup Backer // likewise
	// Decisions takes votes, usually the same node too; nil: there are none.
	Decisions Decider
	// Agreements takes proposals; likewise.
	Agreements Agreer
	// Watch tells what the node does, for the page and for terminals; likewise.
	Watch Watcher
	// Metrics are served at /metrics, the API's own among them, which [New] adds;
	// nil: there are none.
	Metrics *prometheus.Registry
	// Page has what is served to browsers, by path, "/" for the page itself; nil:
	// nothing.
	Page map[string]http.Handler
	// Listen is the TCP address; "": 127.0.0.1:7500. Port 0 takes a
	// free one; use [Listen] and Listener to learn which.
	Listen   string
	Listener net.Listener // an open socket instead of Listen; Run closes it
	// TLS makes it HTTPS; nil: HTTP. Policy says who may do what, at every request;
	// nil: everybody everything. An address that is not on loopback needs both.
	TLS    *tls.Config
	Policy func() access.Policy
	// Origins of web pages that may use the API; nil: those that it serves itself.
	Origins []string
	// Level can be changed at /v1/log/level; nil: it cannot.
	Level *slog.LevelVar
	// Profiles serves those of net/http/pprof also while no token is needed.
	Profiles bool
	Limits   Limits
	Log      *slog.Logger // nil: discard
}

// Limits bound what clients can cost. The zero value works. A request over one
// of them gets 429, except for connections: those beyond are left to wait in
// the system's queue.
type Limits struct {
	// Connections at a time, idle ones among them; 0: 10240, which leaves room
	// beside the waiting submissions. Each costs a file descriptor.
	Connections int
	// Waiting submissions at a time; 0: 8192. Each costs about 30 KiB, a
	// connection's buffers and a goroutine, so all of them 240 MiB.
	Waiting int
	// Bodies is how many bytes of request bodies may be in memory at a time; 0:
	// 64 MiB, and never less than what the largest submission takes. A body counts
	// as it comes in, until the node has its value.
	Bodies int64
	// Readers of the log at a time, pages and streams; 0: 256. Each costs up to
	// 64 KiB, or one value if that is larger.
	Readers int
	// Requests of other kinds at a time, which are short; 0: 256. Some of them wait
	// for the node, between two messages of its peers.
	Requests int
}

// Node is what the API needs of a node. [Of] makes one of a *node.Node.
type Node interface {
	// Enqueue takes values, at least one, whose payloads it copies, and when they came.
	// The ticket is for the first of them, as many as it says. Errors, which are the
	// first one's: [node.ErrEmpty], [node.ErrTooLarge], [node.ErrBusy], [node.ErrStopped].
	Enqueue(came time.Time, vs ...batch.Value) (Ticket, error)
	// Height is the last block's.
	Height() uint64
	// WaitHeight returns when Height is at least so much.
	WaitHeight(ctx context.Context, height uint64) error
	// Block, Values and Certificate answer [node.ErrNotFound] for what is not
	// here. Values gives the block's values in order; nobody changes them.
	Block(height uint64) (*ledger.Block, error)
	Values(height uint64) ([]batch.Value, error)
	Certificate(height uint64) (ledger.Certificate, error)
	Status(ctx context.Context) (node.Status, error)
	Limits() node.Limits
}

// Ticket stands for values on their way into the log.
type Ticket interface {
	// Len is how many they are, at least one.
	Len() int
	// Stored returns when they are on this node's disk. Errors: [node.ErrStopped], the
	// context's.
	Stored(ctx context.Context) error
	// Wait returns when one of them, counted from 0, is in a block. Errors:
	// [node.ErrTaken], [node.ErrStopped], the context's.
	Wait(ctx context.Context, i int) (node.Receipt, error)
}

func (c Config) withDefaults() Config {
	setDefault(&c.Listen, "127.0.0.1:7500")
	setDefault(&c.Limits.Connections, 10240)
	setDefault(&c.Limits.Waiting, 8192)
	setDefault(&c.Limits.Bodies, 64<<20)
	setDefault(&c.Limits.Readers, 256)
	setDefault(&c.Limits.Requests, 256)
	if c.Policy == nil {
		c.Policy = func() access.Policy { return access.Policy{} }
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

func (c Config) validate() error {
	if c.Node == nil {
		return fmt.Errorf("api config: Node: is missing")
	}
	if c.Limits.Connections < 0 || c.Limits.Waiting < 0 || c.Limits.Bodies < 0 || c.Limits.Readers < 0 || c.Limits.Requests < 0 {
		return fmt.Errorf("api config: Limits: a limit is negative: %+v", c.Limits)
	}
	if c.Listener != nil {
		return c.checkExposed(c.Listener.Addr().String())
	}
	return c.checkExposed(c.Listen)
}

// checkExposed lets other machines come near with TLS and tokens only.
func (c Config) checkExposed(address string) error {
	if c.TLS == nil {
		return checkLoopback(address)
	}
	if policy := c.Policy(); checkLoopback(address) != nil && (!policy.Enforced || len(policy.Grants) == 0) {
		return fmt.Errorf("api address %q %w", address, ErrNoToken)
	}
	return nil
}

// Open opens the socket that Listener can then have, for those who want to know its
// address or its errors early. It refuses what [New] would.
func (c Config) Open() (net.Listener, error) {
	c = c.withDefaults()
	if err := c.checkExposed(c.Listen); err != nil {
		return nil, err
	}
	if c.TLS != nil {
		return listen(c.Listen)
	}
	return Listen(c.Listen)
}
