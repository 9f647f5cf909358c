package api

import (
	"context"
	"net/url"

	"github.com/seed14814784/holdfast/messages"
)

// AllDevices stands for every kind of device.
const AllDevices = -1

// Token lets a user log in.
type Token struct {
	UID    string
	Token  messages.Secret
	Device byte // the kind of device: its flag
	Master bool // it takes the place of other logins with the same flag
}

// SetToken makes a token good, and the one before worthless. Of a Master, connections
// that are there are kicked.
func (c *Client) SetToken(ctx context.Context, t Token) error {
	level := 0
	if t.Master {
		level = 1
	}
	return c.post(ctx, "/user/token", map[string]any{
		"uid": t.UID, "token": t.Token.Reveal(), "device_flag": t.Device, "device_level": level,
	}, nil)
}

// QuitDevice kicks a user's connections of a kind of device, or of [AllDevices], and
// makes the token worthless. A user who is not there is no error.
func (c *Client) QuitDevice(ctx context.Context, uid string, device int) error {
	return c.post(ctx, "/user/device_quit", map[string]any{"uid": uid, "device_flag": device}, nil)
}

// Online is a kind of device on which a user is online.
type Online struct {
	UID    string `json:"uid"`
	Device byte   `json:"device_flag"`
	Online byte   `json:"online"`
}

// Online tells who of these is online, and on what.
func (c *Client) Online(ctx context.Context, uids ...string) (online []Online, err error) {
	err = c.post(ctx, "/user/onlinestatus", uids, &online)
	return online, err
}

// Route is where a user has to connect to. What a server does not serve is empty.
type Route struct {
	TCP string `json:"tcp_addr"` // host:port
	WS  string `json:"ws_addr"`  // ws://host:port
	WSS string `json:"wss_addr"` // wss://host:port
}

// Route asks where a user has to connect to.
func (c *Client) Route(ctx context.Context, uid string) (route Route, err error) {
	err = c.get(ctx, "/route", url.Values{"uid": {uid}}, &route)
	return route, err
}

// Connection is one connection of a server.
type Connection struct {
	ID       int64  `json:"id"`
	UID      string `json:"uid"`
	DeviceID string `json:"device_id"`
	Version  byte   `json:"version"`
	Node     uint64 `json:"node_id"`
}

// Connections are those of a user, 100 at most. Only version 2 tells.
func (c *Client) Connections(ctx context.Context, uid string) ([]Connection, error) {
	var answer struct {
		Connections []Connection `json:"connections"`
	}
	err := c.get(ctx, "/connz", url.Values{"uid": {uid}, "limit": {"100"}}, &answer)
	return answer.Connections, err
}

// Kick ends a connection for good. Only version 2 does.
func (c *Client) Kick(ctx context.Context, connection Connection) error {
	return c.post(ctx, "/conn/kick", map[string]any{"uid": connection.UID, "conn_id": connection.ID, "node_id": connection.Node}, nil)
}

// Health reports whether the server is fit, as nil, and else why not.
func (c *Client) Health(ctx context.Context) error {
	err := c.get(ctx, "/health", nil, nil)
	if reason, _ := messages.ReasonOf(err); reason.Code == messages.ReasonNotSupported {
		return c.get(ctx, "/healthz", nil, nil) // as version 3 calls it
	}
	return err
}
