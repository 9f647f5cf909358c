package actors

import (
	"cmp"
	"errors"
	"sync"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// readBurst is how many frames are read before other messages get a turn.
const readBurst = 64

// report turns reports of readiness into messages, one at a time: one that finds another
// in the mailbox adds nothing.
func (c *connection) report() (rest func()) {
	if !c.reported.CompareAndSwap(false, true) {
		return nil
	}
	report := readables.Get().(*readable)
	sent := false
	defer func() {
		if !sent && report.rest != nil { // the actor left by Goexit: nobody else would do it
			go report.rest()
		}
	}()
	c.tell(report)
	if sent = true; !report.lent {
		return nil // the actor is busy, and looks at it later
	}
	rest = report.rest
	*report = readable{}
	readables.Put(report)
	return rest
}

var readables = sync.Pool{New: func() any { return new(readable) }}

// ring is called by the alarm, for a heartbeat.
func (c *connection) ring() { c.tell(&pulse{}) }

// resume is how the inbox says that it has room again.
func (c *connection) resume() { c.tell(&resume{}) }

// login starts the protocol on the fresh socket.
func (c *connection) login() {
	traits := c.rec.Protocol.Traits()
	c.acked = traits.Acknowledges
	c.rec.outbox.resends(traits.Deduplicates)
	c.session = c.rec.Protocol.NewSession(transport.Opening{
		Channel: c.rec.Channel,
		Epoch:   c.epoch,
		Life:    c.rec.life,
		Target:  c.target,
		Info:    c.conn.Info(),
		Token:   c.token,
		Fresh:   c.fresh,
		Memory:  c.rec.memory,
	})
	c.approach = nil
	if b, ok := c.session.(transport.Borrower); ok && b.Borrows() {
		if lender, ok := c.conn.(transport.Lender); ok {
			lender.Lend()
			c.lent = true
		}
	}
	c.conn.Watch(c.report)
	if err := c.session.Open(c.link()); err != nil {
		c.lose(err)
	}
}

// readable looks at the socket. The handler's turn is when the actor is done: it may run
// on the same goroutine, if that was lent.
func (c *connection) readable(m *readable) {
	if m.lent {
		c.rec.inbox.borrow()
		defer func() { m.rest = c.rec.inbox.giveBack() }()
	}
	c.reported.Store(false) // before the look: what arrives during it causes another report
	c.look()
}

// look takes what has come, and writes what had to wait.
func (c *connection) look() {
	c.read()
	if c.clogged {
		c.transmit()
	}
	c.retryRooms()
	c.retryRenewals()
}

// read takes what has arrived, until nothing is left, the inbox is full, or
// others have waited long enough.
func (c *connection) read() {
	c.settle()
	c.readAt = time.Now()
	inside := false
	defer func() {
		if c.readAt = (time.Time{}); inside { // the session left by Goexit: nobody reports what is behind
			c.readOn()
		}
	}()
	for range readBurst {
		if c.paused || c.over || c.session == nil {
			return
		}
		frame, err := c.conn.Read()
		if errors.Is(err, transport.ErrWouldBlock) {
			return
		}
		if err != nil {
			c.lose(err)
			return
		}
		c.listen()
		switch frame.Kind {
		case transport.FramePing: // answered by the connection itself
		case transport.FramePong:
			c.keepalive.pong(frame.Data, c.measured)
		default:
			inside = true
			err := c.session.Receive(c.link(), frame)
			inside = false
			if err != nil && c.leaving && c.broken { // it had something to say after its goodbye
				c.broken = false
			} else if err != nil {
				c.lose(err)
				return
			}
		}
	}
	c.readOn()
}

// readOn has reading go on when others have had their turn.
func (c *connection) readOn() {
	if !c.reading { // another one would be there for ever, if the peer never stops
		c.reading = true
		c.tell(&more{})
	}
}

// now is the time, or when what is being read was taken: a burst arrives at once.
func (c *connection) now() time.Time {
	if !c.readAt.IsZero() {
		return c.readAt
	}
	return time.Now()
}

// pause stops the reading until the inbox has room, unless the peer's goodbye is
// to be read. Nothing that the peer answers is heard meanwhile.
func (c *connection) pause() {
	if c.leaving {
		return
	}
	c.paused = true
	c.rec.outbox.listens(false)
	c.keepalive.refuse(unread())
}

// unpause goes on reading.
func (c *connection) unpause() {
	c.paused = false
	c.rec.outbox.listens(true)
	c.rec.progress() // deadlines have changed
}

// listen notes that the peer is alive.
func (c *connection) listen() {
	c.keepalive.heardAt = momentAt(c.now())
	probing := c.keepalive.probing()
	if probing {
		c.keepalive.trip.probeBy = 0
	}
	if c.firstWord || probing {
		c.say(&heard{word: word{from: c}, probe: probing})
		c.firstWord = false
	}
}

// lose ends the connection with what the protocol makes of the error.
//
// A peer that kicks us closes its socket, and a write may be the first to
// notice. Then the kick waits to be read, and it matters more than the write:
// without it the channel would come back and be kicked again.
func (c *connection) lose(err error) {
	if c.broken {
		c.broken = false
		if c.read(); c.over {
			return
		}
	}
	reason := transport.ReasonOf(err, messages.ReasonProtocolError)
	c.settle()
	c.fail(c.meaning(reason))
}

// meaning is what the session makes of an ending. To leave by Goexit over it is a bug like
// a panic: nobody would ask again, and the connection would never end.
func (c *connection) meaning(reason messages.Reason) messages.Reason {
	told := false
	defer func() {
		if !told {
			panic(cmp.Or[any](recover(), "the session left by Goexit over the ending of its connection"))
		}
	}()
	reason = c.session.Ending(reason)
	told = true
	return reason
}

// transmit writes what the outbox has handed over, in order, as far as the socket
// takes it. The rest waits until the socket has taken what was written before.
func (c *connection) transmit() {
	c.clogged = false
	inside := false
	defer func() {
		if inside { // the session left by Goexit: nobody asks for what is behind
			c.tell(&transmit{})
		}
	}()
	for more := true; more && c.session != nil && !c.over && !c.leaving; { // else the outbox takes it back when we end
		var p *parcel
		if p, more = c.rec.outbox.begin(); p == nil {
			break
		}
		before, size := c.frames, len(p.message.Data)
		inside = true
		err := c.session.Send(c.link(), p.id(), p.message)
		inside = false
		if err != nil {
			reason := transport.ReasonOf(err, messages.ReasonProtocolError)
			switch {
			case reason.Code == messages.ReasonSlowConsumer && c.frames == before:
				c.clogged = true
				c.rec.outbox.putOff(p)
				c.rec.progress() // its time counts again
				return           // there will be room, and a report when there is
			case c.frames == before && rejects(reason.Code):
				if c.rec.outbox.answered(p.id(), messages.ResultRejected, c.rec.secrets.veil(reason), nil) {
					c.rec.nudge()
				}
			default:
				c.lose(err)
				return
			}
		} else {
			c.mark(mark{p.id(), c.frames, size})
		}
	}
	c.settle() // a message may need no frame at all
}

// rejects reports whether a reason blames the message rather than the
// connection.
func rejects(code messages.Code) bool {
	switch code {
	case messages.ReasonTooLarge, messages.ReasonNack, messages.ReasonNotSupported,
		messages.ReasonInvalidMessage:
		return true
	}
	return false
}

// bye starts the closing handshake. The peer's answer ends the connection; it
// comes after all that the peer has sent before, so reading goes on even if the
// inbox is full. What finds no room there is dropped, see [link.Deliver].
func (c *connection) bye() {
	if c.conn == nil || c.session == nil {
		c.fail(messages.Reason{Code: messages.ReasonUserDisconnect})
		return
	}
	c.leaving = true
	c.unpause()
	c.rec.inbox.release(c) // a login that the channel does not wait for any more
	c.rest(messages.Because(messages.ReasonNotConnected, "the channel is closing"))
	code, text := c.session.Bye(c.link())
	if err := c.conn.Close(code, text); err != nil {
		c.lose(err)
		return
	}
	c.read()
}
