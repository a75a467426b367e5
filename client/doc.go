// Package client talks to a node's API: it submits values, waits until they are
// in a block, and reads the log.
//
//	c, err := client.New(client.Config{URL: "http://127.0.0.1:7500"})
//	receipt, err := c.Submit(ctx, []byte("hello"))
//
// Most programs need [Client.Submit] and [Client.Stream].
//
// # What a submission means
//
// [Client.Submit] gives every value a random name and sends it again under that
// name when the connection breaks, the node is busy or restarts, until ctx ends.
// The cluster takes a name once, so the value is in the log at most once however
// often it was sent. A nil error means that it is there. A [*Unsettled] error means
// that nobody can say yet; SubmitID with its ID settles it, at this node or another.
// Any other error means that the value was refused and will not come.
//
// # Several nodes
//
// With Config.Others a client turns to the next node when one cannot be reached, has
// no room, or has not decided a value within five seconds, and sends the value there
// under the same name. All nodes are asked before anybody waits. Votes, proposals,
// backups and the log's level are one node's own and never go to another.
//
// # What the server can cost
//
// Answers, events and headers are bounded in bytes and in elements, a stream that
// falls silent is opened anew, and positions must go forward without gaps; what
// breaks these rules is [ErrProtocol]. So a wrong or hostile server can waste the
// caller's time, and no memory.
package client
