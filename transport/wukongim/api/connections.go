package api

import (
	"context"
	"net/url"
	"slices"

	"github.com/seed14814784/holdfast/messages"
)

// Connection is one connection of a server.
type Connection struct {
	ID       int64  `json:"id"`
	UID      string `json:"uid"`
	Device   string `json:"device"` // in the server's words
	DeviceID string `json:"device_id"`
	Version  byte   `json:"version"`
	Node     uint64 `json:"node_id"`
}

// Connections are those of a user. Only version 2 tells. It is asked for 1,000 whose
// uid has this one anywhere in it, as it looks them up; the others are left out.
func (c *Client) Connections(ctx context.Context, uid string) ([]Connection, error) {
	const path = "/connz"
	if err := checkUID(path, uid); err != nil {
		return nil, err
	}
	var answer struct {
		Connections []Connection `json:"connections"`
	}
	err := c.ask(ctx, get(path, url.Values{"uid": {uid}, "limit": {"1000"}}), &answer)
	return slices.DeleteFunc(answer.Connections, func(found Connection) bool { return found.UID != uid }), err
}

// Kick ends a connection for good. Only version 2 does. One that is not there any more
// is no error.
func (c *Client) Kick(ctx context.Context, connection Connection) error {
	const path = "/conn/kick"
	if err := checkUID(path, connection.UID); err != nil {
		return err
	}
	if connection.ID == 0 {
		return failed(path, messages.ReasonInvalidSpec, "the connection has no ID; take it from Client.Connections")
	}
	return c.ask(ctx, post(path, map[string]any{"uid": connection.UID, "conn_id": connection.ID, "node_id": connection.Node}), nil)
}
