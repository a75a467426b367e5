package main

import "abad/net/freeport"

// ports are the first ports of a cluster: node i has peer+i and api+i.
type ports struct{ peer, api int }

// free reports whether all ports of n nodes can be bound on loopback now.
func (p ports) free(n int) bool { return freeport.Free(p.peer, n) && freeport.Free(p.api, n) }

// freePorts finds ports for n nodes. They are this process's until it ends.
func freePorts(n int) (ports, error) {
	first, err := freeport.Take(2 * n)
	return ports{peer: first, api: first + n}, err
}
