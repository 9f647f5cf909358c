package wstest

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"
)

// greet makes a client that says hello.
func greet(t *testing.T, url string, dial netDial) *client {
	t.Helper()
	c := connect(t, url, dial, nil)
	c.send(ws.OpText, "hello")
	return c
}

// handlers are servers and what a client that said hello sees of them.
var handlers = map[string]struct {
	handler Handler
	sees    []string
}{
	"echo":                            {Echo(), []string{`text "hello"`}},
	"push":                            {Push("a", "b"), []string{`text "a"`, `text "b"`}},
	"greet with the 101":              {Greet("INFO", Echo()), []string{`text "INFO"`, `text "hello"`}},
	"kick":                            {Kick(4001, "replaced"), []string{`close 4001 "replaced"`}},
	"a code that is not for the wire": {Kick(1006, "Stale Connection"), []string{`close 1006 "Stale Connection"`}},
	"a code below all":                {Kick(999, ""), []string{`close 999`}},
	"a close without a code":          {Kick(0, ""), []string{`close`}},
	"a close of one byte":             {func(c *Conn) { c.KickRaw([]byte{3}) }, []string{`close body=03`}},
	"a script": {func(c *Conn) {
		c.Expect("hello")
		c.Send("hi")
		c.Ping("x")
		c.SendBinary([]byte{0xff, 1})
		c.Close(1001, "going away")
	}, []string{`text "hi"`, `ping "x"`, `binary ff01`, `close 1001 "going away"`}},
	"drop": {func(c *Conn) { c.Expect("hello"); c.Send("bye"); c.Drop() }, []string{`text "bye"`, `eof`}},
	"a message in fragments": {func(c *Conn) {
		c.WriteFrame(Frame{Op: OpText, More: true, Data: []byte("he")})
		c.Ping("")
		c.WriteFrame(Frame{Op: OpContinuation, Data: []byte("llo")})
	}, []string{`text "he"`, `ping ""`, `continuation "llo"`}},
	"raw bytes": {func(c *Conn) { c.Upgrade(); c.WriteRaw([]byte{0x81, 1, 'x'}) }, []string{`text "x"`}},
	"routes":    {Routes(map[string]Handler{"/a": Push("here")}), []string{`text "here"`}},
}

func TestHandlersBehaveInABubble(t *testing.T) {
	for name, test := range handlers {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := NewNetwork()
				server := network.NewServer("host", WithTest(t), WithHandler(test.handler))
				greet(t, server.URL+"/a", network.Dial).sees(test.sees...)
			})
		})
	}
}

func TestHandlersBehaveOverTCP(t *testing.T) {
	for name, test := range handlers {
		t.Run(name, func(t *testing.T) {
			server := NewServer(WithTest(t), WithHandler(test.handler))
			greet(t, server.URL+"/a", nil).sees(test.sees...)
		})
	}
}

func TestResetIsAResetOverTCP(t *testing.T) {
	server := NewServer(WithTest(t))
	c := greet(t, server.URL, nil)
	c.sees(`text "hello"`)
	server.Reset()
	c.sees("reset")
}

func TestRefusalsHaveStatusAndHeaders(t *testing.T) {
	for status, line := range map[int]string{
		200: "X-Plain: yes", 301: "Location: /elsewhere", 403: "", 429: "Retry-After: 3", 503: "Retry-After: 3",
	} {
		var seen strings.Builder
		server := NewServer(WithTest(t), WithHandler(Refuse(status, line)))
		dialer := ws.Dialer{OnHeader: func(key, value []byte) error {
			seen.WriteString(string(key) + ": " + string(value) + "\n")
			return nil
		}}
		_, _, _, err := dialer.Dial(t.Context(), server.URL)
		var got ws.StatusError
		if !errors.As(err, &got) || int(got) != status {
			t.Errorf("the client got %v, want status %d", err, status)
		}
	}
}

func TestServerStallsAtEveryStage(t *testing.T) {
	for stage := range Upgraded + 1 {
		synctest.Test(t, func(t *testing.T) {
			network := NewNetwork()
			server := network.NewServer("host", WithTest(t), WithHandler(Stall(stage)))
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			began := time.Now()
			conn, _, err := try(ctx, server.URL, network.Dial, nil)
			if stage == Upgraded {
				if err != nil {
					t.Fatal(err)
				}
				c := &client{Conn: conn, t: t, reader: conn}
				defer func() { _ = c.Close() }()
				c.send(ws.OpPing, "anybody?")
				wantRead(t, c, "", os.ErrDeadlineExceeded)
				return
			}
			if took := time.Since(began); err == nil || took != 10*time.Second {
				t.Errorf("stalling %s: %v after %s", stage, err, took)
			}
		})
	}
}

func TestHalfOpenAndSilentServersSayNothing(t *testing.T) {
	for name, fault := range map[string]func(*Conn){"half-open": (*Conn).HalfOpen, "silent": (*Conn).Silence} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := NewNetwork()
				server := network.NewServer("host", WithTest(t))
				c := greet(t, server.URL, network.Dial)
				c.sees(`text "hello"`)
				peer := server.Conns()[0]
				fault(peer)
				c.send(ws.OpPing, "anybody?")
				c.send(ws.OpClose, "")
				peer.Send("lost")
				wantRead(t, c, "", os.ErrDeadlineExceeded)
				if len(server.Conns()) != 1 {
					t.Error("the connection has ended")
				}
				peer.Drop()
				c.sees("eof")
			})
		})
	}
}

func TestHalfOpenServerLetsTheBuffersFill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := NewNetwork()
		server := network.NewServer("host", WithTest(t))
		c := greet(t, server.URL, network.Dial)
		c.sees(`text "hello"`)
		server.Conns()[0].HalfOpen()
		_ = c.SetWriteDeadline(time.Now().Add(time.Minute))
		if n, err := c.Write(make([]byte, 1<<20)); n > capacity || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(n, err)
		}
	})
}

func TestSlowServerTakesItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := NewNetwork()
		server := network.NewServer("host", WithTest(t), WithHandler(func(c *Conn) {
			c.Upgrade()
			c.Slow(1000, time.Second)
			for m := range c.Messages() {
				c.WriteMessage(m)
			}
		}))
		c := connect(t, server.URL, network.Dial, nil)
		synctest.Wait()
		began := time.Now()
		c.send(ws.OpBinary, string(make([]byte, 100_000)))
		c.see()
		if took := time.Since(began).Round(10 * time.Second); took != 100*time.Second {
			t.Error(took)
		}
	})
}

func TestPongsComeLateOrNever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := NewNetwork()
		server := network.NewServer("host", WithTest(t))
		c := greet(t, server.URL, network.Dial)
		c.sees(`text "hello"`)
		peer := server.Conns()[0]
		peer.DelayPongs(7 * time.Second)
		began := time.Now()
		c.send(ws.OpPing, "a")
		c.sees(`pong "a"`)
		if took := time.Since(began); took != 7*time.Second {
			t.Error(took)
		}
		peer.IgnorePings()
		c.send(ws.OpPing, "b")
		wantRead(t, c, "", os.ErrDeadlineExceeded)
		peer.DelayPongs(0)
		c.send(ws.OpPing, "c")
		c.sees(`pong "c"`)
	})
}
