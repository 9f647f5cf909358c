package actors

import (
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// link is what a protocol's session sees of its connection.
type link struct {
	c      *connection
	frames uint64 // given to the socket
	broken bool   // the socket does not take frames any more
	lent   bool   // what is read is the connection's, not ours
}

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
	if err := l.c.conn.Write(frame); err != nil {
		l.broken = l.broken || ends(err)
		return err
	}
	l.frames++
	if frame.Kind == transport.FramePing {
		l.c.keepalive.pinged(frame.Data)
	}
	return nil
}

// LoggedIn starts the keepalive and tells the channel, once.
func (l *link) LoggedIn(login transport.Login) {
	c := l.c
	if c.greeted {
		c.rec.stale.Add(1)
		return
	}
	c.greeted = true
	c.firstWord = !login.Sync && c.rec.Syncer == nil
	if c.rec.Syncer != nil && !c.leaving {
		c.rec.inbox.holdBack(&c.ref) // before anything else comes over this connection
	}
	// An inbox that is still full of the connection before must not grow by a
	// message with every connection.
	if !c.rec.inbox.room(c) {
		c.pause()
	}
	c.startKeepalive(login.Heartbeat)
	c.watchReturns()
	l.c.say(&loggedIn{word: word{from: &c.ref}, login: login})
}

// Synced tells the channel that catching up is done.
func (l *link) Synced() {
	l.c.say(&synced{word: word{from: &l.c.ref}})
}

// Deliver hands a message to the channel's inbox. When that is full, nothing is
// read until it has room; after our goodbye, when the peer's is awaited, what
// finds no room is dropped and counted among the stale.
func (l *link) Deliver(kind messages.Kind, kindOfMessage string, data []byte) {
	c := l.c
	if c.leaving && !c.rec.inbox.room(nil) {
		c.rec.stale.Add(1)
		return
	}
	received := messages.Received{
		Channel: c.rec.Channel, Epoch: c.ref.epoch, Kind: kind, Type: kindOfMessage, Data: data, At: c.now(),
	}
	if !c.rec.inbox.push(inbound{Received: received, lent: l.lent}, c) {
		c.pause()
	}
}

// Acknowledge settles a message.
func (l *link) Acknowledge(id messages.MessageID, reason messages.Reason, meta any) {
	result := messages.ResultDelivered
	if reason.Code != messages.ReasonOK {
		result = messages.ResultRejected
	}
	if l.c.rec.outbox.answered(id, result, l.c.rec.secrets.veil(reason), meta) {
		l.c.rec.nudge()
	}
}

// Deduplicates has what is written without an answer sent again.
func (l *link) Deduplicates() { l.c.rec.outbox.resends(true) }

// HeartbeatAnswered measures the last heartbeat.
func (l *link) HeartbeatAnswered() { l.c.keepalive.answer(l.c.measured) }

// GoAway tells the channel that the server wants us gone.
func (l *link) GoAway(within time.Duration, reason messages.Reason) {
	if reason.Code == messages.ReasonOK {
		reason.Code = messages.ReasonGoAway
	}
	l.c.say(&goAway{word: word{from: &l.c.ref}, within: within, reason: reason})
}

// Renewed tells the channel that fresh credentials were accepted.
func (l *link) Renewed(ttl time.Duration) {
	l.c.say(&renewed{word: word{from: &l.c.ref}, ttl: ttl})
}

// Keep holds something for the next session.
func (l *link) Keep(memory any) { l.c.rec.memory = memory }

// measured publishes a round trip.
func (c *connection) measured(rtt time.Duration, waiting []func(any)) {
	c.rec.rtt.Store(int64(rtt))
	pong := messages.Pong{Channel: c.rec.Channel, Epoch: c.ref.epoch, RTT: rtt, At: time.Now()}
	c.rec.Observer.Publish(pong, nil)
	for _, answer := range waiting {
		answer(pong)
	}
}
