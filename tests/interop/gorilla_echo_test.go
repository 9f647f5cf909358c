package interop

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/supervisor"
	"github.com/seed14814784/holdfast/transport"
)

// sizes are those where the header of a frame changes, and their neighbours.
var sizes = []int{0, 1, 2, 124, 125, 126, 127, 65535, 65536, 65537, 1 << 20}

// expectEchoes sends text and binary of every size up to a limit and expects
// the same back.
func expectEchoes(l *line, limit int) {
	l.t.Helper()
	for _, size := range sizes {
		if size > limit {
			continue
		}
		pattern := strings.Repeat("0123456789 äöü ", size/15+1)
		for _, sent := range []messages.Message{
			messages.Text(strings.ToValidUTF8(pattern[:size], "?")),
			messages.Binary(bytes.Repeat([]byte{0, 0xff, 0x80}, size/3+1)[:size]),
		} {
			l.say(sent)
			got := l.receive()
			if got.Kind != sent.Kind || !bytes.Equal(got.Data, sent.Data) {
				l.t.Fatalf("a %s came back as a %s", sent, messages.Message{Kind: got.Kind, Data: got.Data})
			}
		}
	}
}

func TestGorillaEchoesEverySize(t *testing.T) {
	t.Parallel()
	for name, compressed := range map[string]bool{"plain": false, "permessage-deflate": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := gorilla(t, websocket.Upgrader{EnableCompression: compressed}, echoing)
			witness := newWitness()
			l := newStage(t).open(supervisor.Spec{
				Address: server.address(), Protocol: witness,
				Dialer: &transport.WebSocket{Compression: compressed},
			})
			expectEchoes(l, 1<<20)
			if info, err := witness.agreed(l.ctx); err != nil || info.Compressed != compressed {
				t.Errorf("compressed is %t, expected %t (%v)", info.Compressed, compressed, err)
			}
		})
	}
}

func TestGorillaDeclinesCompressionAndTheChannelWorksPlain(t *testing.T) {
	t.Parallel()
	server := gorilla(t, websocket.Upgrader{}, echoing)
	witness := newWitness()
	l := newStage(t).open(supervisor.Spec{
		Address: server.address(), Protocol: witness,
		Dialer: &transport.WebSocket{Compression: true},
	})
	expectEchoes(l, 1<<16)
	if info, err := witness.agreed(l.ctx); err != nil || info.Compressed {
		t.Errorf("compressed is %t, but the server declined (%v)", info.Compressed, err)
	}
}

// The server's write buffer holds 16 bytes, so that it cuts a message into
// frames of 16 bytes, and pings between them.
func TestFragmentsOfGorillaAreJoinedWithPingsBetweenThem(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("all the king's horses ", 1000)
	pongs := newQueue[string]()
	server := gorilla(t, websocket.Upgrader{WriteBufferSize: 16}, func(conn *websocket.Conn, _ int) {
		conn.SetPongHandler(func(data string) error { pongs.put(data); return nil })
		w, err := conn.NextWriter(websocket.TextMessage)
		if err != nil {
			return
		}
		for i := 0; i < len(text); i += 11 {
			_, _ = w.Write([]byte(text[i : i+11]))
			if i%5500 == 0 {
				_ = conn.WriteControl(websocket.PingMessage, fmt.Appendf(nil, "ping %d", i), time.Now().Add(patience))
			}
		}
		_ = w.Close()
		echoing(conn, 0)
	})
	l := newStage(t).open(supervisor.Spec{Address: server.address()})
	if got := l.receive(); string(got.Data) != text {
		t.Errorf("%d bytes came for %d", len(got.Data), len(text))
	}
	if pong, err := pongs.take(l.ctx); err != nil || !strings.HasPrefix(pong, "ping ") {
		t.Errorf("the pings between the fragments were answered with %q, %v", pong, err)
	}
}

func TestPingsOfGorillaAreAnsweredWithTheirPayload(t *testing.T) {
	t.Parallel()
	pongs := newQueue[string]()
	server := gorilla(t, websocket.Upgrader{}, func(conn *websocket.Conn, _ int) {
		conn.SetPongHandler(func(data string) error { pongs.put(data); return nil })
		_ = conn.WriteControl(websocket.PingMessage, []byte("are you there?"), time.Now().Add(patience))
		echoing(conn, 0)
	})
	l := newStage(t).open(supervisor.Spec{Address: server.address()})
	if pong, err := pongs.take(l.ctx); err != nil || pong != "are you there?" {
		t.Errorf("the ping was answered with %q, %v", pong, err)
	}
}

func TestGorillaAnswersOurPings(t *testing.T) {
	t.Parallel()
	l := newStage(t).open(supervisor.Spec{Address: gorilla(t, websocket.Upgrader{}, echoing).address()})
	l.until(messages.Ready)
	if rtt := l.ping(); rtt <= 0 || rtt > patience {
		t.Errorf("the round-trip time is %s", rtt)
	}
}
