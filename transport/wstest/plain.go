package wstest

import "io"

// Plain makes the connection a stream of bytes, for a peer that speaks something
// else than WebSocket over TCP or TLS. Call it first. From then on the connection
// counts as upgraded: Upgrade does nothing, Read reads and WriteRaw writes, and the
// faults are the same. What waits for messages is not for it.
func (c *Conn) Plain() {
	if !c.upgraded.Load() {
		c.plain = true
		c.server.welcome(c)
	}
}

// Read waits for the next bytes of a connection that is [Conn.Plain]. An error is the
// connection's end.
func (c *Conn) Read(b []byte) (int, error) {
	n, err := c.reader.Read(b)
	if err != nil {
		c.lost(err)
	}
	return n, err
}

// WhileOpen calls enter, and what it returns when the client has closed the
// connection: on a [Network] within its Close, over TCP when the server is done with
// it. Enter is not called if the client has closed it already. So a client that closes
// one connection before it dials the next is never seen with two on a Network. Neither
// function may wait or use the network. It is for the handler only.
func (c *Conn) WhileOpen(enter func() (leave func())) {
	if e, ok := c.link.Conn.(*end); ok {
		e.pair.whileOpen(enter)
		return
	}
	before, leave := c.leave, enter()
	c.leave = func() {
		if before != nil {
			before()
		}
		leave()
	}
}

// discardPlain reads until the end.
func (c *Conn) discardPlain() { _, _ = io.Copy(io.Discard, struct{ io.Reader }{c}) }
