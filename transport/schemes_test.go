package transport

import (
	"context"
	"errors"
	"testing"

	"github.com/seed14814784/holdfast/messages"
)

func TestSchemesLeaveATargetToItsDialer(t *testing.T) {
	asked := ""
	dialer := func(name string) Dialer {
		return DialerFunc(func(_ context.Context, target Target) (Conn, error) {
			asked = name + " " + target.URL
			return nil, errors.New("asked")
		})
	}
	schemes := Schemes{"ws": dialer("web"), "tcp": dialer("stream")}
	for url, want := range map[string]string{
		"ws://h/p":  "web ws://h/p",
		"TCP://h:1": "stream TCP://h:1",
	} {
		_, err := schemes.Dial(t.Context(), Target{URL: url})
		same(t, url, asked, want)
		same(t, url, err.Error(), "asked")
	}
	for url, want := range map[string]string{
		"wss://u:hunter2@h/p": `the URL "wss://h/p" is not usable: no dialer is known for its scheme, only for tcp, ws`,
		"tcp://h":             `the URL "tcp://h" is not usable: it names no port, and tcp has no default; write it as tcp://host:port`,
	} {
		_, err := schemes.Dial(t.Context(), Target{URL: url})
		same(t, url, reasonFor(t, err), messages.Because(messages.ReasonBadRequest, "%s", want))
	}
}

func TestSchemesReportEverythingThatIsWrongAtOnce(t *testing.T) {
	bad := &WebSocket{WriteLimit: -1}
	for sentence, c := range map[string]struct {
		schemes Schemes
		want    string
	}{
		"what is usable": {Schemes{"ws": new(WebSocket), "wss": new(WebSocket), "tcp": new(TCP), "tls": new(TCP), "quic": DialerFunc(new(TCP).Dial)}, "<nil>"},
		"nothing":        {nil, "schemes: InvalidSpec: there are none; name at least one and its dialer"},
		"several things": {Schemes{"WS": DialerFunc(new(TCP).Dial), "tcp": bad, "tls": nil, "ws": bad, "wss": (*WebSocket)(nil)}, `schemes: InvalidSpec: "WS" is not a scheme in lower case (RFC 3986, 3.1)
schemes: InvalidSpec: the dialer for "tcp" is a *transport.WebSocket, which dials ws, wss
websocket: InvalidSpec: WriteLimit is negative; 0 means the default
schemes: InvalidSpec: the dialer for "tls" is nil; use new(transport.WebSocket) or new(transport.TCP)
websocket: InvalidSpec: it is nil; use new(transport.WebSocket)`},
	} {
		err := c.schemes.Check()
		got := "<nil>"
		if err != nil {
			got = err.Error()
		}
		same(t, sentence, got, c.want)
	}
}
