// Package doctor looks for what keeps a node from running well: its files and keys,
// its ports, the machine's clock, limits and disk, and the way to its peers.
//
// It changes nothing that lasts. It writes one small file into the store's
// directory to time the disk, and takes it away again. It shakes hands with peers only
// when the node does not run; else it asks the node about them.
package doctor
