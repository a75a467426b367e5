//go:build race

package exhaust

// The race detector finds nothing in a search that runs in one goroutine, and makes
// it ten times slower: a smaller one is enough there.
const usualShares = 0
