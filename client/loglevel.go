package client

import (
	"context"
	"encoding/json"
	"net/http"

	"abad/api/wire"
)

// LogLevel asks what the node logs: debug, info, warn or error, and above.
func (c *Client) LogLevel(ctx context.Context) (string, error) {
	var l wire.LogLevel
	err := c.get(ctx, "/v1/log/level", statusBounds, &l)
	return l.Level, err
}

// SetLogLevel changes what the node logs until it is started again.
func (c *Client) SetLogLevel(ctx context.Context, level string) error {
	body, err := json.Marshal(wire.LogLevel{Level: level})
	if err != nil {
		return err
	}
	var now wire.LogLevel
	return c.send(ctx, http.MethodPut, "/v1/log/level", "application/json", body, statusBounds, &now)
}
