// Package abad_test keeps the house in order: which room may import which, and
// that the protocols stay values.
package abad_test

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

// rooms says what of this module each room may import. Arrows point down only.
var rooms = map[string][]string{
	"access":        {},
	"bft":           {},
	"codec":         {},
	"batch":         {"bft"},
	"rbc":           {"bft", "codec"},
	"coin/bls12381": {},
	"coin":          {"bft", "codec", "coin/bls12381"},
	"aba":           {"bft", "codec", "coin"},
	"acs":           {"bft", "codec", "coin", "rbc", "aba"},
	"ledger":        {"bft", "codec", "batch", "coin", "rbc", "aba", "acs"},
	"decision":      {"bft", "codec", "coin", "aba"},
	"agree":         {"bft", "codec", "decision"},
	"proof":         {"bft", "codec", "batch", "coin", "ledger"},
	"sim":           {"bft", "codec", "batch", "coin", "coin/cointest", "rbc", "aba", "acs", "ledger"},
	"generals":      {"bft", "coin", "coin/cointest", "aba", "decision"},
	"page":          {},
	"net":           {"bft", "codec"},
	"store":         {"bft", "codec", "batch"},
	"metrics":       {"net", "store", "node"},
	"survey":        {"bft", "api/wire", "client"},
	"top":           {"api/wire", "survey"},
	"doctor":        {"bft", "net", "home", "client", "api/wire"},
}

// pure rooms have no goroutine, clock, randomness, log or IO, and no order that
// depends on a map's.
var pure = []string{"bft", "codec", "batch", "rbc", "aba", "acs", "ledger", "decision", "agree"}

// forbidden in pure rooms.
var forbidden = []string{
	"context", "crypto/rand", "io/fs", "log", "log/slog", "math/rand", "math/rand/v2",
	"net", "net/http", "os", "sync", "sync/atomic", "syscall", "time", "unsafe",
}

func load(t *testing.T, names []string) map[string]*packages.Package {
	t.Helper()
	var paths []string
	for _, name := range names {
		paths = append(paths, "./"+name)
	}
	list, err := packages.Load(&packages.Config{
		Mode: packages.NeedName | packages.NeedImports | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedDeps,
	}, paths...)
	if err != nil {
		t.Fatal(err)
	}
	loaded := map[string]*packages.Package{}
	for _, p := range list {
		for _, err := range p.Errors {
			t.Fatal(err)
		}
		loaded[strings.TrimPrefix(p.PkgPath, "abad/")] = p
	}
	return loaded
}

func TestArrowsPointDown(t *testing.T) {
	var names []string
	for name := range rooms {
		names = append(names, name)
	}
	for name, p := range load(t, names) {
		for path := range p.Imports {
			if room, ours := strings.CutPrefix(path, "abad/"); ours && !slices.Contains(rooms[name], room) {
				t.Errorf("%s imports %s", name, room)
			}
		}
	}
}

func TestProtocolsArePure(t *testing.T) {
	found := map[string]bool{}
	for name, p := range load(t, pure) {
		for path := range p.Imports {
			if slices.Contains(forbidden, path) {
				t.Errorf("%s imports %s", name, path)
			}
		}
		for _, file := range p.Syntax {
			ast.Inspect(file, func(n ast.Node) bool {
				if what := impure(p.TypesInfo, n); what != "" {
					t.Errorf("%s: %s", p.Fset.Position(n.Pos()), what)
				}
				return true
			})
		}
		found[name] = len(p.Syntax) > 0
	}
	for _, name := range pure {
		if !found[name] {
			t.Errorf("nothing was read of %s", name)
		}
	}
}

// The test itself is sharp: it finds what it looks for where that is allowed.
func TestImpureIsFound(t *testing.T) {
	found := map[string]bool{}
	for _, p := range load(t, []string{"net", "node"}) {
		for _, file := range p.Syntax {
			ast.Inspect(file, func(n ast.Node) bool {
				found[impure(p.TypesInfo, n)] = true
				return true
			})
		}
	}
	for _, what := range []string{"a goroutine", "a channel", "iterates over a map"} {
		if !found[what] {
			t.Errorf("%s was not found in net and node", what)
		}
	}
}

func impure(info *types.Info, n ast.Node) string {
	switch n := n.(type) {
	case *ast.GoStmt:
		return "a goroutine"
	case *ast.ChanType, *ast.SendStmt, *ast.SelectStmt:
		return "a channel"
	case *ast.RangeStmt:
		if t := info.TypeOf(n.X); t != nil {
			if _, isMap := t.Underlying().(*types.Map); isMap {
				return "iterates over a map"
			}
		}
	}
	return ""
}
