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
// arrives again is nothing; a machine is deterministic; and correct nodes say at most
// one letter of each [OneOf], which is checked.
package exhaust
