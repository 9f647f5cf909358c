package wstest

import (
	"strings"
	"testing"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsflate"
)

func TestCompressionIsAgreedOnAndUsed(t *testing.T) {
	text := strings.Repeat("hello ", 1000)
	server := NewServer(WithTest(t), WithCompression(), WithHandler(Greet(text, func(c *Conn) {
		m := c.Next()
		if string(m.Data) != text || !m.Compressed {
			t.Errorf("got %v, compressed %v", m, m.Compressed)
		}
		c.WriteMessage(m)
	})))
	parameters := wsflate.Parameters{ServerNoContextTakeover: true, ClientNoContextTakeover: true}
	var dialer ws.Dialer
	dialer.Extensions = append(dialer.Extensions, parameters.Option())
	conn, reader, handshake, err := dialer.Dial(t.Context(), server.URL)
	if err != nil || len(handshake.Extensions) != 1 {
		t.Fatal(handshake.Extensions, err)
	}
	defer func() { _ = conn.Close() }()
	c := &client{Conn: conn, t: t, reader: conn}
	if reader != nil {
		c.reader = reader
	}
	for range 2 { // the greeting and the echo
		f, err := c.frame()
		if err != nil {
			t.Fatal(err)
		}
		if f, err = wsflate.DecompressFrame(f); err != nil || string(f.Payload) != text {
			t.Fatal(err, len(f.Payload))
		}
		compressed, err := wsflate.CompressFrame(ws.NewTextFrame([]byte(text)))
		if err != nil {
			t.Fatal(err)
		}
		_ = ws.WriteFrame(c, ws.MaskFrame(compressed))
	}
}

func TestSubprotocolsAndHeadersAreAnswered(t *testing.T) {
	server := NewServer(WithTest(t), WithSubprotocols("chat.v2", "chat.v1"), WithHeader("X-Node", "7"))
	node := ""
	dialer := ws.Dialer{Protocols: []string{"other", "chat.v1"}, OnHeader: func(key, value []byte) error {
		if string(key) == "X-Node" {
			node = string(value)
		}
		return nil
	}}
	conn, _, handshake, err := dialer.Dial(t.Context(), server.URL)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	if handshake.Protocol != "chat.v1" || node != "7" {
		t.Error(handshake.Protocol, node)
	}
}
