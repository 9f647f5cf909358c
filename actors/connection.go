package actors

import (
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
