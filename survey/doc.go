// Package survey looks at a cluster as a whole: it asks every node how it is and
// what it sees of the others, and says what is wrong.
//
// No node is believed about another one alone. A link is up when both of its
// ends say so; a node that does not answer here may still be seen by its peers,
// and then it is the way to its API that is broken. Hashes are compared at one
// height that all have, since nodes commit a block at different moments.
package survey
