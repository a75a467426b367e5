package wire

import "abad/bft"

// Agreement is how things stand on one of many values. Values are base64.
type Agreement struct {
	Name      string     `json:"name"`
	State     string     `json:"state"`               // open, agreed
	Needed    int        `json:"needed"`              // proposals that count: n-f
	Proposals []Proposal `json:"proposals,omitempty"` // in log order, while it is open
	Value     []byte     `json:"value,omitempty"`     // once agreed
	For       []bft.ID   `json:"for,omitempty"`       // nodes that named it, of those that count
	At        Position   `json:"at"`                  // of the last proposal that counted
}

// Proposal is a node's, as it is in the log.
type Proposal struct {
	Node  bft.ID `json:"node"`
	Value []byte `json:"value"`
}
