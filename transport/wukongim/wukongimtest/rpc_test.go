package wukongimtest

import (
	"strings"
	"testing"
	"time"

	"github.com/seed14814784/holdfast/transport/wukongim/internal/wire"
)

// calls runs a test for what speaks JSON-RPC.
func calls(t *testing.T, test func(h *house, w way)) {
	t.Helper()
	in(t, V2, func(h *house, w way) {
		if w.rpc {
			test(h, w)
		}
	})
}

// says writes a text and compares the answer to it, byte for byte.
func (c *client) says(text string, want ...string) {
	c.t.Helper()
	c.write([]byte(text))
	for _, w := range want {
		for len(c.rest) == 0 {
			_ = c.SetReadDeadline(time.Now().Add(aWhile))
			if err := c.fill(); err != nil {
				c.t.Fatalf("after %s: %v", text, err)
			}
		}
		got, rest, err := cut(c.rest)
		if string(got) != w || err != nil {
			c.t.Fatalf("got  %s, %v\nwant %s", c.rest, err, w)
		}
		c.rest = rest
	}
}

// What real servers were seen to write.
func TestCallsAreAnsweredByteForByte(t *testing.T) {
	calls(t, func(h *house, w way) {
		h.AddUser("ja", "t")
		h.AddUser("jb", "t")
		ja, jb := w.dial(h, h.Server), w.dial(h, h.Server)
		ja.says(`{"jsonrpc":"2.0","method":"connect","id":"c1","params":{"version":4,"uid":"ja","token":"t","deviceId":"d1","deviceFlag":0,"clientTimestamp":946684800000}}`,
			`{"jsonrpc":"2.0","id":"c1","result":{"serverVersion":4,"timeDiff":0,"reasonCode":1,"nodeId":1}}`)
		jb.says(` {"method":"connect","id":"c2","params":{"uid":"jb","token":"t","deviceId":"d1","deviceFlag":0,"clientTimestamp":946684800000}}`,
			`{"jsonrpc":"2.0","id":"c2","result":{"serverVersion":5,"timeDiff":0,"reasonCode":1,"nodeId":1}}`)
		ja.says(`{"method":"send","id":"s1","params":{"clientMsgNo":"x1","channelId":"jb","channelType":1,"payload":"aGVsbG8=","header":{"redDot":true}}}`,
			`{"jsonrpc":"2.0","id":"s1","result":{"header":{"redDot":true},"messageId":"2123754472571150336","messageSeq":1,"reasonCode":1}}`)
		jb.says(`{"method":"ping","id":"p1"}`,
			`{"jsonrpc":"2.0","method":"recv","params":{"header":{"redDot":true},"messageId":"2123754472571150336","messageSeq":1,"clientMsgNo":"x1","timestamp":946684800,"channelId":"ja","channelType":1,"fromUid":"ja","payload":"aGVsbG8="}}`,
			`{"jsonrpc":"2.0","id":"p1"}`)
		jb.says(`{"method":"recvack","params":{"header":{"redDot":true},"messageId":"2123754472571150336","messageSeq":1}}{"method":"ping","id":"p2","params":{}}`,
			`{"jsonrpc":"2.0","id":"p2"}`)
		same(h, len(h.Acks("jb")), 1)
		ja.says(`{"method":"disconnect","id":"d1","params":{"reasonCode":1}}`) // is ignored
		w.online(h, h.Server, "ja", token("t"), deviceID("d2"))
		ja.says(`{"method":"ping","id":"p3"}`,
			`{"jsonrpc":"2.0","method":"disconnect","params":{"reasonCode":12,"reason":"login in other device"}}`,
			`{"jsonrpc":"2.0","id":"p3"}`)
	})
}

// One text that is not understood is never thrown away.
func TestOneMistakePoisonsTheSession(t *testing.T) {
	for text, want := range map[string]string{
		`{"method":"nope","id":"n1"}`: `error n1 0 jsonrpc: unknown method: nope`,
		`{"method":"subscribe","id":"n1","params":{"subNo":"1","channelId":"tea","channelType":2}}`: `error n1 0 jsonrpc: unknown method: subscribe`,
		`{"method":"recvack","id":"n1","params":{"messageId":"7","messageSeq":1}}`:                  `error n1 0 jsonrpc: a recvack with an id`,
		`{"method":"send","params":{"channelId":"bob","channelType":1,"payload":""}}`:               `error  0 jsonrpc: a send without an id`,
		`{"method":"send","id":"n1","params":{"payload":7}}`:                                        `error n1 0`,
		`{"method":"send","id":"n1"}`:                                                               `error n1 0`,
		`{"method":"ping","id":7}`:                                                                  `error  0`,
		`{"method":]}`:                                                                              `error  0`,
		`[1,2]`:                                                                                     `error  0`,
	} {
		t.Run(text, func(t *testing.T) {
			calls(t, func(h *house, w way) {
				alice := w.online(h, h.Server, "alice")
				alice.write([]byte(text))
				first := alice.hear()
				if !strings.HasPrefix(first, want) {
					h.Errorf("got %q, want %q", first, want)
				}
				alice.ping()
				alice.hears(first)
				alice.send("bob", 1, "hello")
				alice.hears(first)
				same(h, h.Received(), []Message(nil))
				h.Send("bob", "alice", 1, []byte("still here"))
				alice.hears(`RECV bob/1 seq=1 from=bob "still here" redDot`)
			})
		})
	}
}

func TestAMistakeBeforeTheLoginEndsInTime(t *testing.T) {
	calls(t, func(h *house, w way) {
		c := w.dial(h, h.Server)
		c.write([]byte(`{"method":"connect","params":{"uid":"alice","token":"token-alice"}}`))
		c.hears("error  0 jsonrpc: a connect without an id")
		c.connect("alice")
		c.hears("error  0 jsonrpc: a connect without an id")
		h.ends(c, "eof", 3*time.Second)
	})
}

func TestACallMayComeInPieces(t *testing.T) {
	calls(t, func(h *house, w way) {
		alice := w.online(h, h.Server, "alice")
		text := wire.Ping{}.AppendJSON(nil, "p1")
		for i := range text {
			alice.write(text[i : i+1])
		}
		alice.hears("PONG")
	})
}

func TestV3DoesNotSpeakJSON(t *testing.T) {
	for _, w := range ways[2:] {
		alone(t, V3, func(h *house) {
			h.ends(w.login(h, h.Server, "alice"), w.closing(V3), 0)
		})
	}
}
