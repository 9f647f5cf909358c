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

// OnClientClose calls do once, when the client has closed the connection: on a
// [Network] within its Close, over TCP when the server is done with it. So a client
// that closes one connection before it dials the next is never seen with two on a
// Network. do must neither wait nor use the network. It is for the handler only.
func (c *Conn) OnClientClose(do func()) {
	if e, ok := c.link.Conn.(*end); ok {
		e.pair.onClose(do)
		return
	}
	before := c.leave
	c.leave = func() {
		if before != nil {
			before()
		}
		do()
	}
}

// onClose calls do when the client has closed the connection.
func (p *pair) onClose(do func()) {
	p.network.mu.Lock()
	defer p.network.mu.Unlock()
	if p.client.closed {
		do()
		return
	}
	p.client.leave = append(p.client.leave, do)
}

// discardPlain reads until the end.
func (c *Conn) discardPlain() { _, _ = io.Copy(io.Discard, struct{ io.Reader }{c}) }
