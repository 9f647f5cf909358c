package actors

import (
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// connection is the actor of one physical connection, from its permit to dial
// until its socket is closed. It owns the socket: nobody else reads, writes or
// closes it. It is made for one attempt and dies with it; it is never restarted.
// Whatever ends it is escalated to the channel, whose strategy hears of it as of
// the failure of any child.
//
// Nobody else knows it, so it has a mailbox and nothing of what protoactor keeps of an
// actor so that others can find it: a PID, a context, a place in the registry. That would
// be an eighth of an idle channel, and four more places in memory on the way of a message.
type connection struct {
	mailbox mailbox
	rec     *Record
	epoch   messages.Epoch
	asked   questions // the channel's

	*approach  // nil when the login has begun
	*sidelines // nil until there is one
	conn       transport.Conn
	session    transport.Session
	cause      *messages.Reason // why it failed; nil: it did not

	keepalive keepalive
	readAt    time.Time // when the reading that is under way began; zero: none is
	frames    uint64    // given to the socket
	unwritten *[]mark   // nil: there is none
	largest   int       // bytes of the largest message that was written

	reported  atomic.Bool // that the socket is to be looked at
	stopping  bool        // the channel's: it was told to end; only its last word counts
	over      bool        // nothing is handled any more
	acked     bool        // the protocol acknowledges; asked once: it may panic, and at the end nobody would catch it
	paused    bool        // the inbox is full: nothing is read
	greeted   bool        // the login was accepted
	firstWord bool        // report the next thing that is heard
	reading   bool        // it sent itself a more
	clogged   bool        // the socket had no room for a message
	broken    bool        // the socket does not take frames any more
	lent      bool        // what is read is the connection's, not ours
	leaving   bool        // the closing handshake was begun by us: reading is not paused any more
	resting   bool        // there are no heartbeats any more
}

// mark is the number of the last frame of a message, and its size.
type mark struct {
	id    messages.MessageID
	frame uint64
	size  int
}

// markings are used again, unless they are longer than this.
var markings = sync.Pool{New: func() any { return new(make([]mark, 0, 4)) }}

const longMarkings = 64

var _ actor.MessageInvoker = (*connection)(nil)

// newConnection makes the connection of one attempt. It takes over the permit.
func newConnection(rec *Record, epoch messages.Epoch, a *approach) *connection {
	c := &connection{rec: rec, epoch: epoch, approach: a}
	c.mailbox.RegisterHandlers(c, rec.Crew)
	return c
}

// start begins the attempt.
func (c *connection) start() { c.mailbox.PostSystemMessage(&actor.Started{}) }

// stop ends it, whatever it does.
func (c *connection) stop() { c.mailbox.PostSystemMessage(&actor.Stop{}) }

// tell sends it a message, from any goroutine.
func (c *connection) tell(message any) { c.mailbox.PostUserMessage(message) }

// InvokeSystemMessage begins the attempt, or ends it.
func (c *connection) InvokeSystemMessage(message any) {
	switch message.(type) {
	case *actor.Started:
		c.prepare()
	case *actor.Stop:
		c.over = true
		c.stopped()
	}
}

// InvokeUserMessage handles one message.
func (c *connection) InvokeUserMessage(message any) {
	if !c.over {
		c.handle(message)
	}
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

// say tells the channel something.
func (c *connection) say(message any) { c.rec.tell(message) }

func (c *connection) handle(message any) {
	switch m := message.(type) {
	case *resolved:
		c.resolved(*m)
	case *dial:
		c.dial(m.ask)
	case *dialDone:
		c.dialDone()
	case *login:
		c.login()
	case *readable:
		c.readable(m)
	case *more:
		c.reading = false
		c.look()
	case *resume:
		c.unpause()
		c.keepalive.heardAt = rightNow() // what the peer said meanwhile waits in the socket
		c.read()
	case *transmit:
		c.transmit()
		c.retryRooms() // they may have waited for that
	case *roomsAsk:
		c.askRooms(m.questions)
	case *roomRenew:
		c.renewRoom(m)
	case *pulse:
		c.pulse()
	case *beat:
		c.beat(m.answer)
	case *probe:
		c.probe()
	case *listen:
		c.firstWord = true
	case *bye:
		c.bye()
	case *renew:
		c.renew(m)
	case *taken:
		c.taken()
	case *answered:
		c.answered(m)
	case *unanswered:
		c.fail(m.reason)
	case *panicked:
		panic(m.crash)
	}
}

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

// blamed is the message that the connection may have failed over: the one whose
// bytes the system had not all taken; 0 if there is none. A peer that finds
// something too big means the largest that it was sent, and that may be one that
// had left already.
func (c *connection) blamed() messages.MessageID {
	if c.cause == nil || c.leaving || c.unwritten == nil {
		return 0
	}
	first := (*c.unwritten)[0]
	if tooBig(*c.cause) && first.size <= c.largest {
		return 0
	}
	return first.id
}

// mark remembers a message until the system has taken its bytes.
func (c *connection) mark(m mark) {
	if c.unwritten == nil {
		c.unwritten = markings.Get().(*[]mark)
	}
	*c.unwritten = append(*c.unwritten, m)
}

// settle takes note of the messages whose bytes the system has taken.
func (c *connection) settle() {
	if c.conn == nil || c.unwritten == nil {
		return
	}
	marks := *c.unwritten
	written, n, stirs := c.conn.Written(), 0, false
	for n < len(marks) && marks[n].frame <= written {
		c.largest = max(c.largest, marks[n].size)
		stirs = c.rec.outbox.written(marks[n].id, c.acked) || stirs
		n++
	}
	if n == 0 {
		return
	}
	if *c.unwritten = slices.Delete(marks, 0, n); n == len(marks) {
		if cap(marks) <= longMarkings {
			markings.Put(c.unwritten)
		}
		c.unwritten = nil
	}
	if stirs {
		c.rec.nudge()
	}
}
