package wstest

import "time"

// Send sends a text message. It waits while the client does not read and the
// buffers are full.
func (c *Conn) Send(text string) { c.WriteMessage(Message{Data: []byte(text)}) }

// SendBinary sends a binary message.
func (c *Conn) SendBinary(payload []byte) { c.WriteMessage(Message{Binary: true, Data: payload}) }

// WriteMessage sends a message, such as one that was received.
func (c *Conn) WriteMessage(m Message) {
	c.Upgrade()
	c.write(c.pack(m).Bytes(), m.String())
}

// pack makes a message the frame that carries it.
func (c *Conn) pack(m Message) Frame {
	f := m.frame()
	if c.deflation.agreed {
		f.Rsv, f.Data = 4, deflate(f.Data)
	}
	return f
}

// Ping sends a ping.
func (c *Conn) Ping(text string) { c.WriteFrame(Frame{Op: OpPing, Data: []byte(text)}) }

// WriteFrame sends a frame, legal or not.
func (c *Conn) WriteFrame(f Frame) {
	c.Upgrade()
	line := f.String()
	if f.Op == OpClose && !f.More && f.Rsv == 0 && !f.Masked && f.Length == 0 {
		line = closing(f.Data)
	}
	c.write(f.Bytes(), line)
}

// WriteRaw sends bytes as they are, also before the upgrade: half a frame,
// another protocol, noise.
func (c *Conn) WriteRaw(raw []byte) { c.write(raw, "raw "+quote(raw)) }

// write writes the lines down, then sends the bytes, so that whatever they
// cause comes after them in the transcript.
func (c *Conn) write(raw []byte, lines ...string) {
	select {
	case c.writing <- struct{}{}:
	case <-c.link.over:
		return
	}
	defer func() { <-c.writing }()
	if c.muted.Load() || c.link.isOver() {
		return
	}
	for _, line := range lines {
		c.server.transcript.peer(line)
	}
	_, _ = c.stream.Write(raw) // an error is an ending, which reading finds
}

// DelayPongs answers the client's pings that much later; 0 is at once.
func (c *Conn) DelayPongs(d time.Duration) { c.pongs.Store(int64(max(d, 0))) }

// IgnorePings does not answer pings any more, until DelayPongs.
func (c *Conn) IgnorePings() { c.pongs.Store(-1) }

func (c *Conn) pong(payload []byte) {
	answer := Frame{Op: OpPong, Data: payload}.Bytes()
	switch delay := time.Duration(c.pongs.Load()); {
	case delay == 0:
		c.write(answer)
	case delay > 0:
		c.timers.after(delay, func() { c.write(answer) })
	}
}

// Silence keeps reading and never answers anything again, not even a close
// frame.
func (c *Conn) Silence() {
	c.Upgrade()
	if !c.muted.Swap(true) {
		c.server.transcript.peer("silent")
	}
}

// HalfOpen neither reads nor writes any more, and does not end the connection:
// the peer's machine lost its power. Only Drop, Reset and Server.Close do
// something after it.
func (c *Conn) HalfOpen() {
	c.Upgrade()
	if !c.muted.Swap(true) {
		c.server.transcript.peer("half-open")
	}
	c.link.freeze()
}

// Slow reads at most that many bytes at once, and pauses after each read; 0 is
// as fast as can be.
func (c *Conn) Slow(bytes int, pause time.Duration) { c.link.slow(bytes, pause) }
