package api

import (
	"context"

	"github.com/seed14814784/holdfast/messages"
)

// Health reports whether the server is fit, as nil, and else why not.
func (c *Client) Health(ctx context.Context) error {
	err := c.ask(ctx, get("/health", nil), nil)
	if reason, _ := messages.ReasonOf(err); reason.Code == messages.ReasonNotSupported {
		return c.ask(ctx, get("/healthz", nil), nil) // as version 3 calls it
	}
	return err
}
