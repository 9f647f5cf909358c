package wstest

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"
)

// witness is a test that is told of errors.
type witness struct{ told []string }

func (*witness) Helper()        {}
func (*witness) Cleanup(func()) {}
func (w *witness) Errorf(format string, args ...any) {
	w.told = append(w.told, fmt.Sprintf(format, args...))
}

func TestWhatGoesWrongInAHandlerIsReported(t *testing.T) {
	for name, test := range map[string]struct {
		handler Handler
		client  func(c *client)
		want    string // "" is no report
	}{
		"an expectation that is not met": {
			func(c *Conn) { c.Expect("bye") }, func(*client) {},
			`wstest: connection 1 to "/a": expected text "bye", got text "hello"`,
		},
		"a client that is gone": {
			func(c *Conn) { c.Expect("hello"); c.Expect("more") }, func(c *client) { _ = c.Close() },
			`wstest: connection 1 to "/a": expected text "more", got eof`,
		},
		"a client that closes": {
			func(c *Conn) { c.Expect("hello"); c.ExpectBinary(nil) }, func(c *client) { c.send(ws.OpClose, "") },
			`wstest: connection 1 to "/a": expected binary "", got close`,
		},
		"a panic": {
			func(*Conn) { panic("oops") }, func(*client) {},
			`wstest: connection 1 to "": the handler panicked: oops`,
		},
		"a client that does not mask": {
			Echo(), func(c *client) { _ = ws.WriteFrame(c, ws.NewTextFrame([]byte("x"))) },
			`wstest: connection 1 to "/a": the client broke RFC 6455: `,
		},
		"a client that sends no UTF-8": {
			Echo(), func(c *client) { c.send(ws.OpText, "\xff") },
			`wstest: connection 1 to "/a": the client broke RFC 6455: a text message is not UTF-8`,
		},
		"nothing, when a client answers a code that the RFC does not know yet": {
			func(c *Conn) { c.Expect("hello"); c.Kick(1012, "restart"); c.ExpectClose(1012) },
			func(c *client) { c.sees(`close 1012 "restart"`); c.send(ws.OpClose, "\x03\xf4") }, "",
		},
		"nothing, when the server ended it": {
			func(c *Conn) { c.Expect("hello"); c.Expect("more") }, func(*client) {}, "",
		},
		"nothing, when all is well": {
			func(c *Conn) {
				c.Expect("hello")
				c.Sleep(time.Minute)
				c.Expect("more")
				if string(c.ExpectPing()) != "p" {
					panic("another ping")
				}
				c.Ping("q")
				c.ExpectPong("q")
				if c.Next().String() != `binary ff` {
					panic("another message")
				}
				c.ExpectClose(1000)
			},
			func(c *client) {
				c.send(ws.OpText, "more")
				c.send(ws.OpPing, "p")
				c.sees(`pong "p"`, `ping "q"`)
				c.send(ws.OpPong, "q")
				c.send(ws.OpBinary, "\xff")
				c.send(ws.OpClose, string(closeBody(1000, "")))
				c.sees("close 1000", "eof")
			}, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := NewNetwork()
				var told witness
				server := network.NewServer("host", WithTest(&told), WithHandler(test.handler))
				conn, _, err := try(t.Context(), server.URL+"/a", network.Dial, nil)
				if err == nil {
					c := &client{Conn: conn, t: t, reader: conn}
					c.send(ws.OpText, "hello")
					synctest.Wait()
					test.client(c)
					synctest.Wait()
					defer func() { _ = c.Close() }()
				}
				err = server.Close()
				if test.want == "" {
					if err != nil || told.told != nil {
						t.Fatal(err, told.told)
					}
					return
				}
				if len(told.told) != 1 || !strings.HasPrefix(told.told[0], test.want) || err == nil || err.Error() != told.told[0] {
					t.Errorf("the test was told %q, Close returned %v", told.told, err)
				}
			})
		})
	}
}
