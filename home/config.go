package home

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"abad/batch"
)

// Config is how a node runs. The zero value works.
type Config struct {
	// Listen is the UDP address for peers. Default: the node's address in
	// cluster.toml.
	Listen string
	// API is the TCP address for clients. Default 127.0.0.1:7500.
	API    string
	Access Access
	Log    Log
	Limits Limits
	Store  Store
}

// Store is what the node keeps.
type Store struct {
	// Retain is how many blocks keep their values. Default 0: all.
	Retain uint64
	// PruneAnyway deletes the values of older blocks although some node of the
	// cluster may still come for them. Default false.
	PruneAnyway bool
}

// Log is how a node logs.
type Log struct {
	Level  slog.Level // debug, info, warn or error. Default info.
	Format string     // text or json. Default text.
}

// Limits bound what clients and peers can cost. 0 leaves a limit at its default,
// which is the node's.
type Limits struct {
	// MaxValue is the largest payload of a value in bytes. Default 1 MiB.
	MaxValue int
	// BatchTarget is the size in bytes at which a batch is sealed at the latest.
	// Default 1 MiB.
	BatchTarget int
	// Backlog is how many bytes of one maker's batches may be held without being
	// in a block. Default 64 MiB.
	Backlog int64
}

const (
	defaultAPI = "127.0.0.1:7500"
	minBacklog = 4 * batch.MaxSize // less could hold up a maker that is within its rights
	maxBacklog = 1 << 40
)

func (c Config) withDefaults(own Node) Config {
	if c.Listen == "" {
		c.Listen = own.Addr
	}
	if c.API == "" {
		c.API = defaultAPI
	}
	if c.Log.Format == "" {
		c.Log.Format = "text"
	}
	return c
}

// ParseConfig reads config.toml. The file name is for errors. What the file does
// not say is left zero.
func ParseConfig(file string, data []byte) (Config, error) {
	var c Config
	doc, top := parse(file, data)
	c.Listen = top.listenAddress("listen")
	c.API = top.listenAddress("api")
	c.Access = top.sub("access").access()
	c.checkExposed(top)
	log := top.sub("log")
	if level := log.choice("level", "debug", "info", "warn", "error"); level != "" {
		if err := c.Log.Level.UnmarshalText([]byte(level)); err != nil {
			log.wrong("level", "%w", err)
		}
	}
	c.Log.Format = log.choice("format", "text", "json")
	limits := top.sub("limits")
	c.Limits.MaxValue = int(limits.size("max_value", 1, batch.MaxPayload))
	c.Limits.BatchTarget = int(limits.size("batch_target", 1, batch.MaxSize))
	c.Limits.Backlog = limits.size("backlog", minBacklog, maxBacklog)
	store := top.sub("store")
	c.Store.Retain = store.count("retain")
	c.Store.PruneAnyway, _ = optional[bool](store, "prune_anyway", aBool)
	if err := doc.finish(); err != nil {
		return Config{}, err
	}
	return c, nil
}

func (t *table) listenAddress(key string) string {
	address, ok := optional[string](t, key, aText)
	if ok {
		if err := checkAddress(address, true); err != nil {
			t.wrong(key, "%w", err)
		}
	}
	return address
}

func (t *table) choice(key string, allowed ...string) string {
	value, ok := optional[string](t, key, aText)
	if ok && !slices.Contains(allowed, value) {
		t.wrong(key, "%.60q is none of %s", value, strings.Join(allowed, ", "))
	}
	return value
}

func (t *table) count(key string) uint64 {
	value, ok := optional[int64](t, key, aNumber)
	if ok && value < 0 {
		t.wrong(key, "%d is negative", value)
	}
	return uint64(value)
}

func (t *table) size(key string, least, most int64) int64 {
	value, ok := optional[int64](t, key, aNumber)
	if ok && (value < least || value > most) {
		t.wrong(key, "%d is not from %d to %d bytes", value, least, most)
	}
	return value
}

// encodeConfig writes config.toml for a new node.
func encodeConfig(listen, api string) []byte {
	return fmt.Appendf(nil, `# How this node runs. A line that begins with # gives a default; take the # away
# to change it. The node reads this file when it starts.

# Where the node listens for its peers (UDP). An empty host means all interfaces.
# Default: the node's address in cluster.toml.
listen = %q

# Where the node serves clients and operators (HTTP). Other machines can reach it
# only with TLS and tokens, see [access]. Default: %q.
api = %q

[log]
# debug, info, warn or error. Default: "info".
# level = "info"

# text or json. Default: "text".
# format = "text"

[limits]
# The largest value that clients can submit, in bytes. Default: 1048576 (1 MiB).
# max_value = 1048576

# A batch is sealed at this size at the latest, in bytes. Default: 1048576 (1 MiB).
# batch_target = 1048576

# How many bytes of one node's batches may be held here without being in a block.
# Clients are told to slow down before. Default: 67108864 (64 MiB).
# backlog = 67108864

[store]
# How many blocks keep their values; of older ones only headers and certificates
# stay. What some node of the cluster has not got yet is kept beyond that. Default:
# 0, all.
# retain = 0

# Delete the values of older blocks even so. A node that was away for long can
# then not catch up from this one. Default: false.
# prune_anyway = false

[access]
# Files with a certificate (PEM, with its chain) and its key, read again when they
# change. Paths are relative to this directory. Default: none, so plain HTTP.
# certificate = "api.crt"
# key = "api.key"

# The file with the hashes of tokens; "abad token new NAME --role read" adds one.
# While there is no such file, everybody on this machine may use the API. Default:
# "tokens.toml".
# tokens = "tokens.toml"

# Web pages from elsewhere that may use the API, like "https://ops.example.org".
# Default: none.
# origins = []
`, listen, defaultAPI, api)
}
