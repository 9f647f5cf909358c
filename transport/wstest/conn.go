package wstest

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// Conn is the server's side of one connection, for its handler to play the
// peer with.
//
// What waits for the client (ReadRequest, Upgrade, Messages, the Expect
// methods, Wait, Sleep, Close, Hold) is for the handler's goroutine only. What
// acts (Send, Write..., Ping, Kick, Drop, Reset, HalfOpen, Silence, Slow,
// DelayPongs, IgnorePings, IgnoreClose) may be called from any goroutine while
// the handler runs, as a test does with a connection from [Server.Conns];
// after the end of the connection it does nothing.
//
// Everything but ReadRequest, WriteRaw, the refusals and the endings upgrades
// the connection first, if the handler has not done it.
type Conn struct {
	server *Server
	number int
	key    string // guarded by server.mu
	link   *link
	stream net.Conn // the link, or TLS over it
	reader *bufio.Reader

	plain     bool // no WebSocket
	request   *http.Request
	head      []byte // the request as it came
	upgraded  atomic.Bool
	leave     func()
	deflation *deflation

	fragmented bool
	frames     chan frame     // from the reading goroutine, one ahead of the handler
	reading    sync.WaitGroup // the reading goroutine
	whole      Message        // what has arrived of a fragmented message
	held       []inbound      // read by Sleep, not yet asked for
	ending     string         // how the client ended the connection

	writing chan struct{} // held by who writes; waiting for it is durable
	muted   atomic.Bool
	kicked  atomic.Bool  // our close frame was sent
	deaf    atomic.Bool  // close frames are not answered
	curt    atomic.Bool  // close frames are answered with an EOF
	pongs   atomic.Int64 // delay of pongs; negative is never
	timers  timers
}

func newConn(s *Server, raw net.Conn, number int) *Conn {
	c := &Conn{
		server: s, number: number, link: newLink(raw),
		deflation: newDeflation(), frames: make(chan frame), writing: make(chan struct{}, 1),
	}
	c.stream = c.link
	if s.tls != nil {
		c.stream = tls.Server(c.link, s.tls)
	}
	c.reader = bufio.NewReader(c.stream)
	return c
}

// over is what a script panics with that has nothing left to do: the handler
// ends, and so does the connection.
var over = new(struct{ error })

// run is the life of the connection.
func (c *Conn) run(handler Handler) {
	defer c.finish()
	defer func() {
		if p := recover(); p != nil && p != any(over) {
			c.server.report(c, fmt.Sprintf("the handler panicked: %v\n%s", p, debug.Stack()))
		}
	}()
	handler(c)
	c.Wait()
}

// finish waits for everything that belongs to the connection.
func (c *Conn) finish() {
	c.link.drop()
	c.reading.Wait()
	c.timers.stop()
	if c.leave != nil {
		c.leave() // before lingering: a client that dials again is not a second one
	}
	c.link.finish()
	c.server.forget(c)
}

// fail reports what went wrong and ends the handler.
func (c *Conn) fail(format string, args ...any) {
	c.server.report(c, fmt.Sprintf(format, args...))
	c.link.drop()
	panic(over)
}

// Number is the connection's place among those the server accepted, from 1.
func (c *Conn) Number() int { return c.number }

// Key is what the connection is counted by: the path, unless [WithKey] says
// otherwise; "" until the request was read.
func (c *Conn) Key() string {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	return c.key
}

// Request is the client's request; nil until it was read.
func (c *Conn) Request() *http.Request {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	return c.request
}

// Done is closed when the connection has ended, whoever ended it.
func (c *Conn) Done() <-chan struct{} { return c.link.over }

// Hold waits for the end of the connection without reading: the client can be
// gone long since.
func (c *Conn) Hold() { <-c.link.over }
