package actors

import (
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// link is what a protocol's session sees of its connection.
type link connection

func (c *connection) link() *link { return (*link)(c) }

func (l *link) connection() *connection { return (*connection)(l) }

// ends reports whether an error of Write means that the socket is of no use any
// more; the others leave it as it was.
func ends(err error) bool {
	switch transport.ReasonOf(err, messages.ReasonWriteError).Code {
	case messages.ReasonSlowConsumer, messages.ReasonTooLarge:
		return false
	}
	return true
}

var _ transport.Link = (*link)(nil)

// Write queues a frame on the socket.
func (l *link) Write(frame transport.Frame) error {
	if err := l.conn.Write(frame); err != nil {
		l.broken = l.broken || ends(err)
		return err
	}
	l.frames++
	if frame.Kind == transport.FramePing {
		l.keepalive.pinged(frame.Data)
	}
	return nil
}

// LoggedIn starts the keepalive and tells the channel, once.
func (l *link) LoggedIn(login transport.Login) {
	c := l.connection()
	if c.greeted {
		c.rec.stale.Add(1)
		return
	}
	c.greeted = true
	c.firstWord = !login.Sync && c.rec.Syncer == nil
	if c.rec.Syncer != nil && !c.leaving {
		c.rec.inbox.holdBack(c) // before anything else comes over this connection
	}
	// An inbox that is still full of the connection before must not grow by a
	// message with every connection.
	if !c.rec.inbox.room(c) {
		c.pause()
	}
	c.startKeepalive(login.Heartbeat)
	c.watchReturns()
	l.connection().say(&loggedIn{word: word{from: c}, login: login})
}

// Synced tells the channel that catching up is done.
func (l *link) Synced() {
	l.connection().say(&synced{word: word{from: l.connection()}})
}

// admits reports whether a message may be handed over. While we wait for the answer to
// our login or to our goodbye, reading does not stop when the inbox is full: what finds no
// room then is dropped and counted among the stale, and a login ends over it.
func (c *connection) admits() bool {
	if c.greeted && !c.leaving || c.rec.inbox.room(nil) {
		return true
	}
	c.rec.stale.Add(1)
	if !c.leaving {
		c.fail(messages.Because(messages.ReasonSlowConsumer, "the server sent a message before it accepted the login, and the inbox is full; the handler is too slow, or hangs"))
	}
	return false
}

// Deliver hands a message to the channel's inbox. When that is full, nothing is
// read until it has room.
func (l *link) Deliver(kind messages.Kind, kindOfMessage string, data []byte) {
	c := l.connection()
	if !c.admits() {
		return
	}
	m := inbound{lent: l.lent, Received: messages.Received{
		Channel: c.rec.Channel, Epoch: c.epoch, Kind: kind, Type: kindOfMessage, Data: data, At: c.now(),
	}}
	if !c.rec.inbox.push(&m, c) {
		c.pause()
	}
}

// Acknowledge settles a message.
func (l *link) Acknowledge(id messages.MessageID, reason messages.Reason, meta any) {
	result := messages.ResultDelivered
	if reason.Code != messages.ReasonOK {
		result = messages.ResultRejected
	}
	if l.rec.outbox.answered(id, result, l.rec.secrets.veil(reason), meta) {
		l.rec.nudge()
	}
}

// Deduplicates has what is written without an answer sent again.
func (l *link) Deduplicates() { l.rec.outbox.resends(true) }

// HeartbeatAnswered measures the last heartbeat.
func (l *link) HeartbeatAnswered() { l.keepalive.answer(l.connection().measured) }

// GoAway tells the channel that the server wants us gone.
func (l *link) GoAway(within time.Duration, reason messages.Reason) {
	if reason.Code == messages.ReasonOK {
		reason.Code = messages.ReasonGoAway
	}
	l.connection().say(&goAway{word: word{from: l.connection()}, within: within, reason: reason})
}

// Renewed tells the channel that fresh credentials were accepted.
func (l *link) Renewed(ttl time.Duration) {
	l.connection().say(&renewed{word: word{from: l.connection()}, ttl: ttl})
}

// Keep holds something for the next session.
func (l *link) Keep(memory any) { l.rec.memory = memory }

// measured publishes a round trip.
func (c *connection) measured(rtt time.Duration, waiting []func(any)) {
	c.rec.rtt.Store(int64(rtt))
	pong := messages.Pong{Channel: c.rec.Channel, Epoch: c.epoch, RTT: rtt, At: time.Now()}
	c.rec.Observer.Publish(pong, nil)
	for _, answer := range waiting {
		answer(pong)
	}
}
