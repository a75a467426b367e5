// Package exhaust goes through every order of deliveries of tiny cases, on the very
// code of packages rbc and aba: n = 4, three correct nodes and a faulty one that may
// send any message of its alphabet to any node at any time, different ones to
// different nodes. What the search does not find does not exist in these cases. Its
// tests are the results; the package is the search.
//
// There are some 10^12 states of three nodes, so they are not visited one by one:
//
//  1. [Explore] finds all states of one node by itself, whatever arrives in whatever
//     order. The node is a black box: it is copied and hashed through its memory.
//  2. [Minimize] merges the states between which nobody outside can ever tell.
//  3. [Search] puts the nodes together: a message arrives only after its sender has
//     sent it. It goes by strides: a node takes in silently what it needs, and then
//     speaks. Silent arrivals at different nodes commute, so no order is lost.
//
// None of the three knows a rule of the protocols. They rest on this: a message that
// arrives again is nothing, which a test checks; a machine is deterministic; and what a
// model says of the letters of correct nodes ([OneOf], [Event].After), which is checked.
// Another test compares all three with a dumb search, on random little systems.
//
// The results: what holds is said at the tests. States are those of one node by
// itself, classes what is left of them, strides the states of three nodes together;
// the time is one core's, with all nodes explored.
//
//	                                      states  classes  strides  time
//	broadcast without retrieval            10981     1542     1895   1 s
//	broadcast with retrieval               66569     3456     4583   4 s
//	random round up to the coin           151488    11548     3022  12 s
//	random round, own and one more share  302976    22632     5872  25 s
//	random round, all correct shares      610112    36650     8877  90 s
//
// The last one is not in the usual run of the tests: go test -run RandomRound
// ./sim/exhaust -args -shares=2.
package exhaust
