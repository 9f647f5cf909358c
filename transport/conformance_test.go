package transport_test

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/wstest"
)

// readAll reads until the connection ends and returns why.
func readAll(conn transport.Conn, ready <-chan struct{}) (texts []string, ending messages.Reason) {
	for {
		frame, err := conn.Read()
		switch {
		case err == nil && frame.Kind == transport.FrameText:
			texts = append(texts, string(frame.Data))
		case errors.Is(err, transport.ErrWouldBlock):
			<-ready
		case err != nil:
			return texts, transport.ReasonOf(err, messages.ReasonReadError)
		}
	}
}

// against dials a server with that handler, in memory, and reads to the end.
func against(t *testing.T, handler wstest.Handler) (texts []string, ending messages.Reason) {
	t.Helper()
	network := wstest.NewNetwork()
	server := network.NewServer("server", wstest.WithHandler(handler), wstest.WithTest(t))
	defer func() { _ = server.Close() }()
	dialer := &transport.WebSocket{NetDial: network.Dial}
	conn, err := dialer.Dial(t.Context(), transport.Target{URL: server.URL})
	if err != nil {
		return nil, transport.ReasonOf(err, messages.ReasonReadError)
	}
	ready := make(chan struct{}, 1)
	conn.Watch(func() func() {
		select {
		case ready <- struct{}{}:
		default:
		}
		return nil
	})
	texts, ending = readAll(conn, ready)
	gone := make(chan struct{})
	conn.Abort(func() { close(gone) })
	<-gone
	return texts, ending
}

func TestWhatNoServerMaySendEndsTheConnection(t *testing.T) {
	for sentence, malice := range wstest.Malformed() {
		t.Run(sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, ending := against(t, func(c *wstest.Conn) {
					c.Upgrade()
					c.WriteRaw(malice.Raw)
					c.ExpectClose(malice.Code)
				})
				if ending.Code != messages.ReasonProtocolError {
					t.Errorf("it ended with %v", ending)
				}
			})
		})
	}
}

func TestEndingsOfServers(t *testing.T) {
	for sentence, c := range map[string]struct {
		handler wstest.Handler
		want    messages.Code
		wire    int
	}{
		"kicked":                {wstest.Kick(4001, "replaced"), messages.ReasonPeerClose, 4001},
		"kicked without a code": {func(c *wstest.Conn) { c.KickRaw(nil) }, messages.ReasonPeerClose, 1005},
		"kicked with 1006":      {func(c *wstest.Conn) { c.KickRaw([]byte{3, 0xee}) }, messages.ReasonAbnormalClosure, 1006},
		"refused":               {wstest.Refuse(http.StatusForbidden), messages.ReasonForbidden, 403},
		"dropped after a word":  {func(c *wstest.Conn) { c.Send("bye"); c.Drop() }, messages.ReasonReadEOF, 0},
		"reset":                 {func(c *wstest.Conn) { c.Upgrade(); c.Reset() }, messages.ReasonReadError, 0},
		"greeted with the 101":  {wstest.Greet("INFO", wstest.Kick(1000, "")), messages.ReasonPeerClose, 1000},
		"told to slow down":     {wstest.Refuse(http.StatusTooManyRequests, "Retry-After: 5"), messages.ReasonRateLimited, 429},
	} {
		t.Run(sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, ending := against(t, c.handler)
				wire := ending.Wire.Code
				if ending.Wire.Scheme == "os" {
					wire = 0
				}
				if ending.Code != c.want || wire != c.wire {
					t.Errorf("it ended with %v", ending)
				}
			})
		})
	}
}
