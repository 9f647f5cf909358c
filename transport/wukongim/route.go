package wukongim

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
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

// String tells where the API is, without user information.
func (r Router) String() string {
	if r.API == nil {
		return "the route of no API"
	}
	return "the route of " + r.API.String()
}

// GoString hides the same from %#v.
func (r Router) GoString() string { return "wukongim.Router(" + strconv.Quote(r.String()) + ")" }

// Resolve asks. It blocks until ctx ends, or the client's own timeout. What the API
// refuses is tried again: that says nothing about the user, who may yet log in.
func (r Router) Resolve(ctx context.Context, request transport.AddressRequest) (transport.Target, error) {
	uid := cmp.Or(r.UID, string(request.Channel))
	route, err := r.API.Route(ctx, uid)
	if reason, _ := messages.ReasonOf(err); reason.Class().Final() {
		reason.Code = messages.ReasonCredCallbackError
		err = &messages.Error{Op: "address", Reason: reason}
	}
	if err != nil {
		return transport.Target{}, err
	}
	told := [...]struct{ address, scheme string }{
		TCP: {route.TCP, "tcp"}, WebSocket: {route.WS, "ws"}, SecureWebSocket: {route.WSS, "wss"},
	}[r.Over]
	if told.address == "" {
		return transport.Target{}, noAddress("the server has no address for %s; choose another Router.Over, or configure the server's external addresses", r.Over)
	}
	address := told.address
	if !strings.Contains(address, "://") {
		address = told.scheme + "://" + address
	}
	if u, err := transport.ParseURL(address); err != nil || u.Scheme != told.scheme {
		return transport.Target{}, noAddress("the server's address for %s is %q, and has to be %s; configure the server's external addresses",
			r.Over, brief(transport.Redact(told.address)), forms[r.Over])
	}
	return transport.Target{URL: address}, nil
}

// forms are what addresses look like.
var forms = [...]string{TCP: "host:port", WebSocket: "ws://host:port", SecureWebSocket: "wss://host:port"}

// noAddress is an answer that is no address. A server may be configured better next time.
func noAddress(format string, args ...any) error {
	return &messages.Error{Op: "address", Reason: messages.Because(messages.ReasonCredCallbackError, format, args...)}
}
