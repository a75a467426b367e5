package client

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"abad/api/wire"
)

// Agreement is the API's document of one.
type Agreement = wire.Agreement

// An agreement has up to 256 proposals of 1 KiB in base64, and a name.
var agreementBounds = bounds{1 << 20, 1 << 12}

// Propose proposes a value on a name for this node, and returns when that is in
// the log. The first proposal of a node counts: the same again is no error, another
// one is an [*Error] with status 409, as is any when the agreement is reached.
func (c *Client) Propose(ctx context.Context, name string, value []byte) (Agreement, error) {
	var a Agreement
	err := c.send(ctx, http.MethodPost, agreementPath(name), "application/octet-stream", value, agreementBounds, &a)
	return a, c.aboutAgreement(name, a, err)
}

// Agreement asks how things stand. A name on which nobody has proposed gets an
// [*Error] with status 404.
func (c *Client) Agreement(ctx context.Context, name string) (Agreement, error) {
	var a Agreement
	err := c.get(ctx, agreementPath(name), agreementBounds, &a)
	return a, c.aboutAgreement(name, a, err)
}

// WaitAgreement waits until a name is agreed, or ctx ends. Nobody need have
// proposed yet.
func (c *Client) WaitAgreement(ctx context.Context, name string) (Agreement, error) {
	for {
		began := time.Now()
		var a Agreement
		err := c.get(ctx, agreementPath(name)+"?wait="+waitAtATime.String(), agreementBounds, &a)
		var refused *Error
		unknown := errors.As(err, &refused) && refused.Status == http.StatusNotFound
		if err = c.aboutAgreement(name, a, err); err != nil && !unknown || a.State == "agreed" {
			return a, err
		}
		if err := sleep(ctx, max(0, quickPending-time.Since(began))); err != nil {
			return a, err
		}
	}
}

func agreementPath(name string) string { return "/v1/agreements/" + escaped(name) }

// escaped makes a name one piece of a path; dots too, since "." and ".." mean
// something there.
func escaped(name string) string { return strings.ReplaceAll(url.PathEscape(name), ".", "%2E") }

// aboutAgreement checks that an answer is about the name that was asked for.
func (c *Client) aboutAgreement(name string, a Agreement, err error) error {
	if err == nil && a.Name != name {
		return c.protocol("an answer about %q, not %q", short(a.Name), name)
	}
	return err
}
