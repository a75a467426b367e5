package client

import (
	"context"
	"io"
	"net/http"
)

// Backup writes a copy of the node's store to w. A copy that was cut off is an
// error here, or is noticed when it is restored.
func (c *Client) Backup(ctx context.Context, w io.Writer) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.nodes.own()+"/v1/backup", nil)
	if err != nil {
		return err
	}
	resp, err := c.reads.Do(req)
	if err != nil {
		return c.failed(ctx, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody)) // as much of the reason as comes
		return refusal(resp, body)
	}
	if _, err := io.Copy(w, resp.Body); err != nil {
		return c.failed(ctx, err)
	}
	return nil
}
