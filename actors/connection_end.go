package actors

import (
	"fmt"
	"runtime/debug"
	"sync"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed14814784/holdfast/messages"
)

// fail escalates what ended the connection. The caller returns at once:
// escalating does not unwind.
func (c *connection) fail(reason messages.Reason) {
	if c.over {
		return
	}
	reason = c.rec.secrets.veil(reason)
	c.cause = &reason
	c.escalate(failure{reason: reason})
}

// EscalateFailure takes a panic of a protocol adapter to the channel, with its stack.
func (c *connection) EscalateFailure(v, _ any) {
	panicked, ok := v.(crash)
	if !ok {
		panicked = crash{Value: v, Stack: debug.Stack()}
	}
	c.escalate(failure{crash: &panicked})
}

// escalate is the last that a connection does by itself: its channel has it stopped.
func (c *connection) escalate(f failure) {
	c.over = true
	f.from = c
	if c.approach != nil {
		f.token = c.token
	}
	if channel := c.rec.self.Load(); channel != nil { // else it has ended, and stops us anyway
		channel.SendSystemMessage(nil, &actor.Failure{Who: &actor.PID{Id: string(c.rec.Channel) + "/connection"}, Reason: f})
	}
}

// stopped releases everything and says goodbye. Whatever a user's code does in here, the
// socket is closed and the last word said: the channel would wait for ever.
func (c *connection) stopped() {
	defer c.part()
	c.rec.inbox.release(c) // a login that the channel did not hear of any more; its socket may take long to close
	if c.approach != nil && c.cancel != nil {
		c.cancel()
	}
	if c.sidelines != nil && c.hush != nil {
		c.hush()
	}
	if c.greeted && c.rec.returns != nil {
		c.rec.returns.watch(nil)
	}
	c.rest(messages.Because(messages.ReasonNotConnected, "the connection was lost before the heartbeat was answered"))
	c.release(messages.Reason{Code: messages.ReasonUserDrop})
	if c.conn != nil && c.cause == nil && c.greeted {
		_ = c.conn.Close(1001, "") // going away; it changes nothing if the peer does not hear it
	}
}

// part closes the socket. It may need a moment to close, and a dial may still be running;
// the last word is said when both are over, by whoever ends last.
func (c *connection) part() {
	c.caught(recover())
	var once sync.Once
	last := func() { once.Do(c.lastWord) }
	parted := false
	defer func() {
		if c.caught(recover()); !parted {
			last()
		}
	}()
	switch {
	case c.conn != nil:
		c.conn.Abort(last)
	case c.approach != nil && c.dialing != nil:
		c.dialing.abandon(last)
	default:
		last()
	}
	parted = true
}

// lastWord hands back what was not written, and tells the channel.
func (c *connection) lastWord() {
	defer func() {
		c.caught(recover())
		var cause messages.Reason
		if c.cause != nil {
			cause = *c.cause
		}
		c.rec.outbox.reclaim(c.blamed(), cause)
		// Something always remembers a dead actor; its socket must not be kept.
		c.conn, c.session, c.approach, c.unwritten = nil, nil, nil, nil
		c.say(&ended{from: c})
		c.rec.socketGone()
	}()
	c.settle()
}

// caught tells of a panic at the end, where nothing is left to fail.
func (c *connection) caught(v any) {
	if v != nil {
		c.rec.report(fmt.Sprintf("a connection panicked at its end: %v", v), debug.Stack())
	}
}
