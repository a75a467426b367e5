package client

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"abad/api/wire"
	"abad/bft"
	"abad/coin"
	"abad/decision"
)

// The API's documents of decisions.
type (
	Decision  = wire.Decision
	Decisions = wire.Decisions
)

var (
	// A decision has a name of 128 bytes, escaped to six times as many, and some
	// 500 bytes around it; its commas are a dozen and those of its name.
	decisionBounds = bounds{8 << 10, 256}
	// A page has up to 1000 of them.
	decisionsBounds = bounds{8 << 20, 256 * 1000}
)

// maxDecisions is the most decisions that a server gives in a page.
const maxDecisions = 1000

// Vote casts this node's vote on a name. The same vote again is no error; a
// different one is an [*Error] with status 409 that says which was first. When the
// connection breaks, ask again: the vote that was durable first counts.
func (c *Client) Vote(ctx context.Context, name string, vote bool) (Decision, error) {
	body, err := json.Marshal(wire.Vote{Vote: &vote})
	if err != nil {
		return Decision{}, err
	}
	var d Decision
	err = c.send(ctx, http.MethodPost, decisionPath(name), "application/json", body, decisionBounds, &d)
	return d, c.about(name, d, err)
}

// Decision asks how a decision stands. A name that the node has not heard of gets
// an [*Error] with status 404.
func (c *Client) Decision(ctx context.Context, name string) (Decision, error) {
	var d Decision
	err := c.get(ctx, decisionPath(name), decisionBounds, &d)
	return d, c.about(name, d, err)
}

// WaitDecision waits until a name is decided and its certificate is there, or ctx
// ends. Nobody need have voted yet.
func (c *Client) WaitDecision(ctx context.Context, name string) (Decision, error) {
	for {
		began := time.Now()
		var d Decision
		err := c.get(ctx, decisionPath(name)+"?wait="+waitAtATime.String(), decisionBounds, &d)
		var refused *Error
		unknown := errors.As(err, &refused) && refused.Status == http.StatusNotFound
		if err = c.about(name, d, err); err != nil && !unknown || d.Proof != nil {
			return d, err
		}
		if err := sleep(ctx, max(0, quickPending-time.Since(began))); err != nil {
			return d, err
		}
	}
}

// waitAtATime keeps a request under the time that one may take as a whole.
const waitAtATime = readTimeout / 2

// Decisions lists what the node knows, from a place on, at most limit (1 to 1000; 0
// leaves it to the server). Places change while decisions are made.
func (c *Client) Decisions(ctx context.Context, from, limit int) (Decisions, error) {
	path := fmt.Sprint("/v1/decisions?from=", from)
	if limit > 0 {
		path += fmt.Sprint("&limit=", min(limit, maxDecisions))
	}
	var page Decisions
	err := c.get(ctx, path, decisionsBounds, &page)
	if err == nil && (page.Next != from+len(page.Decisions) || len(page.Decisions) == 0 && from < page.Total) {
		err = c.protocol("the page from %d goes on at %d", from, page.Next)
	}
	return page, err
}

// PruneDecision makes the node forget a decision that is certified. To vote on
// its name again would be another decision.
func (c *Client) PruneDecision(ctx context.Context, name string) error {
	return c.send(ctx, http.MethodDelete, decisionPath(name), "", nil, decisionBounds, nil)
}

// VerifyDecision checks a decision's certificate with the cluster's public key, so
// that the node that gave it need not be trusted.
func VerifyDecision(key *coin.PublicKey, cluster bft.Hash, era uint64, d Decision) error {
	if d.Value == nil || d.Proof == nil {
		return fmt.Errorf("decision %q has no certificate", d.Name)
	}
	certificate, err := hex.DecodeString(d.Proof.Certificate)
	if err != nil {
		return fmt.Errorf("decision %q: certificate: %w", d.Name, err)
	}
	return decision.Verify(key, cluster, era, decision.Result{Name: d.Name, Value: *d.Value, Certificate: certificate})
}

func decisionPath(name string) string { return "/v1/decisions/" + escaped(name) }

// about checks that an answer is about the name that was asked for.
func (c *Client) about(name string, d Decision, err error) error {
	if err == nil && d.Name != name {
		return c.protocol("an answer about %q, not %q", short(d.Name), name)
	}
	return err
}

// send sends a request with a body and reads the answer, if one is wanted, into
// document.
func (c *Client) send(ctx context.Context, method, path, kind string, body []byte, most bounds, document any) error {
	attempt, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(attempt, method, c.nodes.own()+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	_, answer, err := c.do(ctx, c.reads, req, most)
	if err != nil || document == nil {
		return err
	}
	if err := json.Unmarshal(answer, document); err != nil {
		return c.protocol("%s: %w", path, err)
	}
	return nil
}
