package actors

import (
	"runtime/debug"
	"slices"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// connection is the actor of one physical connection, from its permit to dial
// until its socket is closed. It owns the socket: nobody else reads, writes or
// closes it. It is spawned for one attempt and dies with it; it is never
// restarted. Whatever ends it is escalated to the channel as a failure.
type connection struct {
	rec     *Record
	ref     connectionRef // what the channel knows of it
	channel *actor.PID

	*approach  // nil when the login has begun
	*sidelines // nil until there is one
	conn       transport.Conn
	session    transport.Session
	cause      *messages.Reason // why it failed

	link      link
	keepalive keepalive
	reported  atomic.Bool // that the socket is to be looked at
	readAt    time.Time   // when the reading that is under way began; zero: none is
	failed    bool
	acked     bool // the protocol acknowledges; asked once: it may panic, and at the end nobody would catch it
	paused    bool // the inbox is full: nothing is read
	greeted   bool // the login was accepted
	firstWord bool // report the next thing that is heard
	reading   bool // it sent itself a more
	clogged   bool // the socket had no room for a message
	leaving   bool // the closing handshake was begun by us: reading is not paused any more
	unwritten []mark
	largest   int // bytes of the largest message that was written
}

// mark is the number of the last frame of a message, and its size.
type mark struct {
	id    messages.MessageID
	frame uint64
	size  int
}

// keepMarks is the room for marks that is kept while there are none.
const keepMarks = 4

// newConnection makes the connection of one attempt. It takes over the permit.
func newConnection(rec *Record, epoch messages.Epoch, channel *actor.PID, a *approach) *connection {
	return &connection{rec: rec, ref: connectionRef{epoch: epoch}, channel: channel, approach: a}
}

// Receive handles one message. A panic in a protocol adapter goes up to the
// channel with its stack.
func (c *connection) Receive(ctx actor.Context) {
	if _, ok := ctx.Message().(*actor.Stopped); ok {
		c.stopped(ctx)
		return
	}
	defer func() {
		if v := recover(); v != nil {
			if _, ok := v.(crash); !ok {
				v = crash{v, debug.Stack()}
			}
			panic(v)
		}
	}()
	if !c.failed {
		c.handle(ctx)
	}
}

func (c *connection) handle(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		c.prepare(ctx)
	case *resolved:
		c.resolved(ctx, *m)
	case *dial:
		c.dial(ctx, m.ask)
	case *dialDone:
		c.dialDone(ctx)
	case *login:
		c.login(ctx)
	case *readable:
		c.readable(ctx, m)
	case *more:
		c.reading = false
		c.look(ctx)
	case *resume:
		c.unpause()
		c.keepalive.heardAt = rightNow() // what the peer said meanwhile waits in the socket
		c.read(ctx)
	case *transmit:
		c.transmit(ctx)
		c.retryRooms(ctx) // they may have waited for that
	case *roomsAsk:
		c.askRooms(ctx, m.questions)
	case *roomRenew:
		c.renewRoom(ctx, m)
	case *pulse:
		c.pulse(ctx)
	case *beat:
		c.beat(ctx, m.answer)
	case *probe:
		c.probe(ctx)
	case *listen:
		c.firstWord = true
	case *bye:
		c.bye(ctx)
	case *renew:
		c.renew(ctx, m)
	case *taken:
		c.taken(ctx)
	case *answered:
		c.answered(ctx, m)
	case *unanswered:
		c.fail(ctx, m.reason)
	case *panicked:
		panic(m.crash)
	}
}

// fail escalates what ended the connection. The caller returns at once:
// escalating does not unwind, it suspends the mailbox.
func (c *connection) fail(ctx actor.Context, reason messages.Reason) {
	if c.failed {
		return
	}
	reason = c.rec.secrets.veil(reason)
	c.failed, c.cause = true, &reason
	f := failure{from: &c.ref, reason: reason}
	if c.approach != nil {
		f.token = c.token
	}
	ctx.(actor.Supervisor).EscalateFailure(f, nil)
}

// stopped releases everything. The socket may need a moment to close and a dial
// may still be running; the last word is said when both are over, by whoever
// ends last. Even a panic in here must not keep it from being said: the channel
// would wait for ever.
func (c *connection) stopped(ctx actor.Context) {
	root := ctx.ActorSystem().Root
	rec, channel, ref := c.rec, c.channel, &c.ref
	said := false
	last := func() {
		if said {
			return
		}
		said = true
		c.settle()
		var cause messages.Reason
		if c.failed {
			cause = *c.cause
		}
		rec.outbox.reclaim(c.blamed(), cause)
		// Something always remembers a dead actor; its socket must not be kept.
		c.conn, c.session, c.approach, c.link, c.unwritten = nil, nil, nil, link{}, nil
		root.Send(channel, &ended{from: ref})
		rec.socketGone()
	}
	defer func() {
		if v := recover(); v != nil {
			last()
		}
	}()
	rec.inbox.release(ref) // a login that the channel did not hear of any more; its socket may take long to close
	if c.approach != nil && c.cancel != nil {
		c.cancel()
	}
	if c.sidelines != nil && c.hush != nil {
		c.hush()
	}
	if c.greeted && rec.returns != nil {
		rec.returns.watch(nil)
	}
	c.keepalive.stop(c.rec.Alarms, messages.Because(messages.ReasonNotConnected, "the connection was lost before the heartbeat was answered"))
	c.release(messages.Reason{Code: messages.ReasonUserDrop})
	switch {
	case c.conn != nil:
		if !c.failed && c.greeted {
			_ = c.conn.Close(1001, "") // going away; it changes nothing if the peer does not hear it
		}
		c.conn.Abort(last)
	case c.approach != nil && c.dialing != nil:
		c.dialing.abandon(last)
	default:
		last()
	}
}

// blamed is the message that the connection may have failed over: the one whose
// bytes the system had not all taken; 0 if there is none. A peer that finds
// something too big means the largest that it was sent, and that may be one that
// had left already.
func (c *connection) blamed() messages.MessageID {
	if !c.failed || c.leaving || len(c.unwritten) == 0 || tooBig(*c.cause) && c.unwritten[0].size <= c.largest {
		return 0
	}
	return c.unwritten[0].id
}

// settle takes note of the messages whose bytes the system has taken.
func (c *connection) settle() {
	if c.conn == nil || len(c.unwritten) == 0 {
		return
	}
	written, n, stirs := c.conn.Written(), 0, false
	for n < len(c.unwritten) && c.unwritten[n].frame <= written {
		c.largest = max(c.largest, c.unwritten[n].size)
		stirs = c.rec.outbox.written(c.unwritten[n].id, c.acked) || stirs
		n++
	}
	if n == 0 {
		return
	}
	c.unwritten = slices.Delete(c.unwritten, 0, n)
	if len(c.unwritten) == 0 && cap(c.unwritten) > keepMarks {
		c.unwritten = nil
	}
	if stirs {
		c.rec.nudge()
	}
}
