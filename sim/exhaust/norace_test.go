//go:build !race

package exhaust

const usualShares = 1
