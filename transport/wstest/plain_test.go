package wstest

import (
	"io"
	"net"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/gobwas/ws"
)

// plainEcho sends every piece of a plain connection back.
func plainEcho(c *Conn) {
	c.Plain()
	b := make([]byte, 64)
	for {
		n, err := c.Read(b)
		if err != nil {
			return
		}
		c.WriteRaw(b[:n])
	}
}

// plainly makes a plain connection to a server in a bubble.
func plainly(t *testing.T, test func(t *testing.T, n *Network, server *Server, client net.Conn)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := NewNetwork()
		server := n.NewServer("host:1", WithTest(t), WithHandler(plainEcho))
		client, err := n.Dial(t.Context(), "tcp", "host:1")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = client.Close() }()
		write(t, client, "hello")
		wantRead(t, client, "hello", nil)
		test(t, n, server, client)
	})
}

func TestAPlainConnectionIsListedAndDropped(t *testing.T) {
	plainly(t, func(t *testing.T, _ *Network, server *Server, client net.Conn) {
		if live := server.Conns(); len(live) != 1 {
			t.Fatal(live)
		}
		server.Conns()[0].Drop()
		wantRead(t, client, "", io.EOF)
	})
}

func TestAPlainConnectionIsResetAndSilenced(t *testing.T) {
	plainly(t, func(t *testing.T, _ *Network, server *Server, client net.Conn) {
		server.Conns()[0].Silence()
		write(t, client, "anybody?")
		synctest.Wait()
		server.Reset()
		wantRead(t, client, "", syscall.ECONNRESET)
	})
}

func TestAPlainConnectionEndsWithItsClient(t *testing.T) {
	plainly(t, func(t *testing.T, n *Network, server *Server, client net.Conn) {
		_ = client.Close()
		synctest.Wait()
		if live := server.Conns(); len(live) != 0 || n.Open() != 0 {
			t.Error(live, n.Open())
		}
	})
}

// What a handler leaves is read until the end, as with WebSocket.
func TestAPlainConnectionIsReadAfterItsHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := NewNetwork()
		server := n.NewServer("host:1", WithTest(t), WithHandler((*Conn).Plain))
		client, err := n.Dial(t.Context(), "tcp", "host:1")
		if err != nil {
			t.Fatal(err)
		}
		write(t, client, strings.Repeat("x", 3*capacity)) // more than the buffers hold
		_ = client.Close()
		synctest.Wait()
		if live := server.Conns(); len(live) != 0 {
			t.Error(live)
		}
	})
}

func TestTheEndOfAClientIsToldOnce(t *testing.T) {
	for name, start := range map[string]func(t *testing.T, handler Handler) (url string, dial netDial, done func()){
		"tcp": func(_ *testing.T, handler Handler) (string, netDial, func()) {
			s := NewServer(WithHandler(handler))
			return s.URL, nil, func() { _ = s.Close() }
		},
		"network": func(_ *testing.T, handler Handler) (string, netDial, func()) {
			n := NewNetwork()
			s := n.NewServer("host", WithHandler(handler))
			return s.URL, n.Dial, func() { _ = s.Close() }
		},
	} {
		t.Run(name, func(t *testing.T) {
			var one, two atomic.Int32
			url, dial, done := start(t, func(c *Conn) {
				c.WhileOpen(func() func() { return func() { one.Add(1) } })
				c.WhileOpen(func() func() { return func() { two.Add(1) } })
				c.Upgrade()
			})
			c := connect(t, url, dial, nil)
			if dial != nil && one.Load() != 0 {
				t.Error("it was told too early")
			}
			_ = c.Close()
			done()
			if one.Load() != 1 || two.Load() != 1 {
				t.Error(one.Load(), two.Load())
			}
		})
	}
}

// A server may be late: what it learns of a connection that the client has closed is
// no connection of now.
func TestAConnectionThatIsClosedIsNotOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := NewNetwork()
		asked, late := 0, make(chan struct{})
		n.NewServer("host:1", WithTest(t), WithHandler(func(c *Conn) {
			c.Plain()
			<-late
			c.WhileOpen(func() func() { asked++; return func() {} })
		}))
		client, err := n.Dial(t.Context(), "tcp", "host:1")
		if err != nil {
			t.Fatal(err)
		}
		_ = client.Close()
		close(late)
		synctest.Wait()
		if asked != 0 {
			t.Error("it was counted")
		}
	})
}

func TestAServerCanHangUpOnACloseFrame(t *testing.T) {
	server := NewServer(WithTest(t), WithHandler((*Conn).DropOnClose))
	c := connect(t, server.URL, nil, nil)
	c.send(ws.OpClose, string(closeBody(1000, "bye")))
	c.sees("eof")
}

func TestAMessageInFragmentsIsMarked(t *testing.T) {
	seen := make(chan Message, 2)
	server := NewServer(WithTest(t), WithHandler(func(c *Conn) {
		for m := range c.Messages() {
			seen <- m
		}
	}))
	c := connect(t, server.URL, nil, nil)
	for _, f := range []ws.Frame{
		ws.NewFrame(ws.OpText, false, []byte("hel")), ws.NewFrame(ws.OpContinuation, true, []byte("lo")), ws.NewTextFrame([]byte("whole")),
	} {
		if err := ws.WriteFrame(c, ws.MaskFrame(f)); err != nil {
			t.Fatal(err)
		}
	}
	if first, second := <-seen, <-seen; !first.Fragmented || string(first.Data) != "hello" || second.Fragmented {
		t.Error(first, second)
	}
}
