package wukongimtest

import (
	"bytes"
	"testing"

	"github.com/gobwas/ws"

	"github.com/seed14814784/holdfast/transport/wukongim/internal/wire"
)

// packets makes frames one after the other.
func (c *client) packets(all ...packet) (stream []byte) {
	c.t.Helper()
	for _, p := range all {
		frame, err := p.Append(nil, c.version)
		if err != nil {
			c.t.Fatal(err)
		}
		stream = append(stream, frame...)
	}
	return stream
}

// binary runs a test for what speaks in frames.
func binary(t *testing.T, test func(h *house, w way, profile Profile, c *client)) {
	t.Helper()
	both(t, func(h *house, w way, profile Profile) {
		if !w.rpc {
			test(h, w, profile, w.online(h, h.Server, "alice"))
		}
	})
}

func TestWhatIsNoFrameEndsTheConnection(t *testing.T) {
	for sentence, raw := range map[string][]byte{
		"type 15":                       {0xf0, 1, 0},
		"type 0":                        {0x00, 1, 0},
		"a SEND that is cut off":        {0x30, 3, 0, 0, 0},
		"a RECVACK that is cut off":     {0x60, 2, 0, 0},
		"a second CONNECT, cut off":     {0x10, 2, 5, 0},
		"a length of five bytes":        {0x30, 0x80, 0x80, 0x80, 0x80, 1},
		"a DISCONNECT without a reason": {0x90, 1, 12},
		"a SUB that is cut off":         {0xa0, 1, 0},
	} {
		t.Run(sentence, func(t *testing.T) {
			binary(t, func(h *house, w way, profile Profile, c *client) {
				c.write(raw)
				c.hears(w.closing(profile))
				same(h, len(h.Online()), 0)
			})
		})
	}
}

func TestWhatMeansNothingToTheServer(t *testing.T) {
	for sentence, p := range map[string]packet{
		"a DISCONNECT": &wire.Disconnect{Reason: 1, Text: "bye"},
		"a SUB":        &wire.Sub{SubNo: "s", ChannelID: "tea", ChannelType: 2},
		"a PONG":       wire.Pong{},
		"a SENDACK":    &wire.Sendack{Reason: 1},
	} {
		t.Run(sentence, func(t *testing.T) {
			binary(t, func(_ *house, w way, profile Profile, c *client) {
				c.packet(p)
				if profile == V3 {
					c.hears(w.closing(V3))
					return
				}
				c.ping()
				c.hears("PONG")
			})
		})
	}
}

func TestAFrameOfTwoMebibytes(t *testing.T) {
	binary(t, func(h *house, w way, profile Profile, c *client) {
		c.write([]byte{0x30, 0x80, 0x80, 0x80, 0x01}) // 2 MiB follow, it says
		if profile == V3 {
			c.hears(w.closing(V3))
			return
		}
		c.ping()
		c.hears(quiet) // it waits for the rest
		h.Send("bob", "tea", 2, []byte("still here"))
		c.hears(`RECV tea/2 seq=1 from=bob "still here" redDot`)
	})
}

func TestAnySplitOfTheStreamIsRead(t *testing.T) {
	binary(t, func(h *house, w way, _ Profile, c *client) {
		c.write(c.packets(wire.Ping{}, wire.Ping{}, wire.Ping{}))
		c.hears("PONG", "PONG", "PONG")
		frame, err := c.cipher.AppendSend(nil, c.version, &wire.Send{ClientSeq: 1, ChannelID: "alice", ChannelType: 1, Payload: []byte("in pieces")})
		if err != nil {
			h.Fatal(err)
		}
		for i := range frame {
			c.write(frame[i : i+1])
		}
		c.hears("SENDACK 1 seq=1")
	})
}

// A message in fragments, which RFC 6455 allows, is the end of understanding.
func TestAWebSocketInFragments(t *testing.T) {
	for _, profile := range []Profile{V2, V3} {
		for _, w := range ways[1:3] {
			if w.rpc && profile == V3 {
				continue
			}
			alone(t, profile, func(h *house) {
				c := w.online(h, h.Server, "alice")
				ping, op := c.packets(wire.Ping{}, wire.Ping{}), ws.OpBinary
				if w.rpc {
					ping, op = wire.Ping{}.AppendJSON(nil, "p1"), ws.OpText
				}
				for _, f := range []ws.Frame{ws.NewFrame(op, false, bytes.Clone(ping[:1])), ws.NewFrame(ws.OpContinuation, true, bytes.Clone(ping[1:]))} {
					if err := ws.WriteFrame(c.Conn, ws.MaskFrame(f)); err != nil {
						h.Fatal(err)
					}
				}
				if profile == V3 {
					c.hears("PONG", "PONG")
					return
				}
				c.ping()
				c.hears(quiet)
			})
		}
	}
}

func TestAWebSocketIsPingedAndClosed(t *testing.T) {
	both(t, func(h *house, w way, profile Profile) {
		if !w.web {
			return
		}
		c := w.online(h, h.Server, "alice")
		for _, f := range []ws.Frame{ws.NewPingFrame(nil), ws.NewCloseFrame(ws.NewCloseFrameBody(ws.StatusNormalClosure, ""))} {
			if err := ws.WriteFrame(c.Conn, ws.MaskFrame(f)); err != nil {
				h.Fatal(err)
			}
		}
		c.hears("websocket pong", w.closing(profile))
	})
}

func TestTheWebSocketIsAtAPath(t *testing.T) {
	for profile, want := range map[Profile]string{V2: "", V3: "unexpected HTTP response status: 404"} {
		alone(t, profile, func(h *house) {
			got := ""
			conn, _, _, err := ws.Dialer{NetDial: h.network.Dial}.Dial(h.Context(), h.WS+"/im")
			if err != nil {
				got = err.Error()
			} else {
				_ = conn.Close()
			}
			same(h, got, want)
		})
	}
}
