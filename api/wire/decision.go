package wire

import "abad/bft"

// Vote is the body of a vote on a name.
type Vote struct {
	Vote *bool `json:"vote"`
}

// Decision is what a node knows of a one-shot decision.
type Decision struct {
	Name   string `json:"name"`
	State  string `json:"state"`           // waiting, deciding, decided
	Vote   *bool  `json:"vote,omitempty"`  // this node's, if it has voted
	Votes  int    `json:"votes"`           // nodes whose vote was heard
	Needed int    `json:"needed"`          // nodes that have to vote: n-f
	Rounds int    `json:"rounds"`          // entered here; 0 if only the certificate came
	Coins  int    `json:"coins"`           // common coins taken here
	Value  *bool  `json:"value,omitempty"` // once decided

	Proof *DecisionProof `json:"proof,omitempty"` // follows the decision shortly
}

// DecisionProof is what a stranger needs to check a decision, besides its name and
// value; see [abad/decision.Verify].
type DecisionProof struct {
	Cluster     bft.Hash `json:"cluster"`
	Era         uint64   `json:"era"`
	Key         string   `json:"key"`         // the cluster's, as the node says: check it against what you know
	Certificate string   `json:"certificate"` // threshold signature, 48 bytes in hexadecimal
}

// Decisions is a piece of the list, open ones first, each in the order in which
// this node heard of them.
type Decisions struct {
	Decisions []Decision `json:"decisions"`
	Next      int        `json:"next"`  // where to go on reading
	Total     int        `json:"total"` // the list ends here when Next is not below
}
