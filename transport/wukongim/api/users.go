package api

import (
	"context"
	"net/url"

	"github.com/seed14814784/holdfast/messages"
)

// AllDevices stands for every kind of device.
const AllDevices = -1

func checkUID(op, uid string) error {
	if uid == "" {
		return failed(op, messages.ReasonInvalidSpec, "the uid is empty")
	}
	return nil
}

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
	const path = "/user/token"
	if err := checkUID(path, t.UID); err != nil {
		return err
	}
	if t.Token.Reveal() == "" {
		return failed(path, messages.ReasonInvalidSpec, "the token of %q is empty", brief(t.UID))
	}
	ask := post(path, map[string]any{
		"uid": t.UID, "token": t.Token.Reveal(), "device_flag": t.Device, "device_level": flag(t.Master),
	})
	ask.secret = t.Token
	return c.ask(ctx, ask, nil)
}

// QuitDevice kicks a user's connections of a kind of device, or of [AllDevices], and
// makes the token worthless. A user who is not there is no error.
func (c *Client) QuitDevice(ctx context.Context, uid string, device int) error {
	const path = "/user/device_quit"
	if err := checkUID(path, uid); err != nil {
		return err
	}
	return c.ask(ctx, post(path, map[string]any{"uid": uid, "device_flag": device}), nil)
}

// Online is a kind of device on which a user is online.
type Online struct {
	UID    string `json:"uid"`
	Device byte   `json:"device_flag"`
	Online byte   `json:"online"`
}

// Online tells who of these is online, and on what.
func (c *Client) Online(ctx context.Context, uids ...string) (online []Online, err error) {
	if len(uids) == 0 {
		return nil, c.Check()
	}
	err = c.ask(ctx, post("/user/onlinestatus", uids), &online)
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
	const path = "/route"
	if err := checkUID(path, uid); err != nil {
		return Route{}, err
	}
	err = c.ask(ctx, get(path, url.Values{"uid": {uid}}), &route)
	return route, err
}
