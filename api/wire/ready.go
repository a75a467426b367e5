package wire

// Ready is the answer of /readyz: 200 if every check is all right, and 503 with an
// error like any other if one is not.
type Ready struct {
	Ready  bool         `json:"ready"`
	Checks []ReadyCheck `json:"checks"`
	*Error              // nil when it is ready
}

// ReadyCheck is a condition of a node that can decide.
type ReadyCheck struct {
	Name string `json:"name"` // driver, memory, peers, caught_up
	OK   bool   `json:"ok"`
	Text string `json:"text"` // how it is, for people
}
