package wukongim

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/wukongim/api"
)

// Carrier is what carries the protocol.
type Carrier uint8

// The carriers. WebSocket and SecureWebSocket are dialled by a transport.WebSocket, TCP
// by a transport.TCP; [Dialer] knows them all.
const (
	TCP Carrier = iota
	WebSocket
	SecureWebSocket
)

// String returns the carrier's name, such as "WebSocket".
func (c Carrier) String() string {
	switch c {
	case TCP:
		return "TCP"
	case WebSocket:
		return "WebSocket"
	case SecureWebSocket:
		return "SecureWebSocket"
	}
	return fmt.Sprintf("Carrier(%d)", uint8(c))
}

// Router is an address that asks the server's HTTP API which node serves the user,
// before each attempt.
type Router struct {
	API  *api.Client
	UID  string // "": the ID of the channel
	Over Carrier
}

// Route is the address of the user whose uid is the channel's ID, over TCP, as the HTTP
// API at that URL tells it. For another user or carrier, make a [Router].
func Route(apiURL string) Router { return Router{API: &api.Client{URL: apiURL}} }

// Check reports what is wrong with the router.
func (r Router) Check() error {
	if r.Over > SecureWebSocket {
		return invalid("address", "Router.Over is %s; it is TCP, WebSocket or SecureWebSocket", r.Over)
	}
	return r.API.Check()
}

// String tells where the API is.
func (r Router) String() string { return "the route of " + r.API.String() }

// Resolve asks. It blocks until ctx ends, or the client's own timeout.
func (r Router) Resolve(ctx context.Context, request transport.AddressRequest) (transport.Target, error) {
	uid := cmp.Or(r.UID, string(request.Channel))
	route, err := r.API.Route(ctx, uid)
	if err != nil {
		return transport.Target{}, err
	}
	target := [...]struct{ address, scheme string }{
		TCP: {route.TCP, "tcp://"}, WebSocket: {route.WS, "ws://"}, SecureWebSocket: {route.WSS, "wss://"},
	}[r.Over]
	if target.address == "" {
		return transport.Target{}, &messages.Error{Op: "address", Reason: messages.Because(messages.ReasonCredCallbackError,
			"the server has no address for %s; choose another Router.Over, or configure the server's external addresses", r.Over)}
	}
	if !strings.Contains(target.address, "://") {
		target.address = target.scheme + target.address
	}
	if _, err := transport.ParseURL(target.address); err != nil || !strings.HasPrefix(target.address, target.scheme) {
		return transport.Target{}, &messages.Error{Op: "address", Reason: messages.Because(messages.ReasonCredCallbackError,
			"the server's address for %s is %q, which is none", r.Over, brief(transport.Redact(target.address)))}
	}
	return transport.Target{URL: target.address}, nil
}
