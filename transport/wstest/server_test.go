package wstest

import (
	"testing"
	"testing/synctest"

	"github.com/gobwas/ws"
)

func TestServerEchoesOverTCPAndTLS(t *testing.T) {
	for name, start := range map[string]func(...Option) *Server{"ws": NewServer, "wss": NewTLSServer} {
		t.Run(name, func(t *testing.T) {
			server := start(WithTest(t))
			c := connect(t, server.URL+"/a", nil, server.ClientTLS)
			c.send(ws.OpText, "hello")
			c.send(ws.OpPing, "x")
			c.sees(`text "hello"`, `pong "x"`)
			c.send(ws.OpClose, string(closeBody(1000, "bye")))
			c.sees("close 1000")
		})
	}
}

func TestNetworkEchoesInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := NewNetwork()
		var transcript Transcript
		server := network.NewServer("chat.example", WithTest(t), WithTranscript(&transcript))
		c := connect(t, server.URL+"/a", network.Dial, nil)
		c.send(ws.OpText, "hello")
		c.sees(`text "hello"`)
		c.send(ws.OpClose, string(closeBody(1000, "bye")))
		c.sees("close 1000", "eof")
		_ = c.Close()
		synctest.Wait()
		if d := transcript.Diff(`
			peer>  101
			us>    text "hello"
			peer>  text "hello"
			us>    close 1000 "bye"
		`); d != "" {
			t.Error(d)
		}
		if network.Open() != 0 || server.MaxOpen("/a") != 1 || network.MaxOpen() != 1 {
			t.Error("counted wrong")
		}
	})
}
