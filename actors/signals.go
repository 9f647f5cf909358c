package actors

import (
	"sync/atomic"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// What a channel, its connection and its helpers tell each other. Each signal of
// a connection names it, and is dropped when the channel has moved on: a
// pointer that is compared, so that two connections can never be taken for one
// another. Outcomes do not travel here; they go straight to the outbox, which
// takes them from any connection at any time.
type quiet struct{}

// IgnoreDeadLetterLogging keeps payloads out of the dead-letter log.
func (quiet) IgnoreDeadLetterLogging() {}

// To the channel, from itself and its surroundings.
type (
	tick     struct{ quiet } // a deadline may have passed
	flush    struct{ quiet } // the outbox has something new; an errand
	admitted struct {
		quiet
		ask *ask
	}
	handlerPanic struct{ crash }

	// Request is a command that wants an answer on a Go channel. The answer is
	// what the command's documentation says; Answer must have room for it.
	Request struct {
		quiet
		Command any
		Answer  chan<- any
	}
)

// IgnoreDeadLetterLogging keeps payloads out of the dead-letter log.
func (*handlerPanic) IgnoreDeadLetterLogging() {}

// question is what a user wants to know of a connection. It has one answer: that
// of the connection, or the news that the connection is lost.
type question struct {
	op       string
	reply    func(any)
	answered atomic.Bool
	next     *question
}

func (q *question) answer(a any) {
	if q.answered.CompareAndSwap(false, true) {
		q.reply(a)
	}
}

// questions are those that may have no answer yet.
type questions struct{ first *question }

// add adds one, in place of those that have their answer.
func (w *questions) add(q *question) {
	for at := &w.first; ; at = &(*at).next {
		for *at != nil && (*at).answered.Load() {
			*at = (*at).next
		}
		if *at == nil {
			*at = q
			return
		}
	}
}

// refuse answers all of them, for their channel.
func (w *questions) refuse(c *channel, why messages.Reason) {
	if q := w.first; q != nil {
		w.first = q.next
		defer w.refuse(c, why) // the others; also if this one closed the channel for its answer
		q.answer(c.refusal(q.op, why))
	}
}

// word is what a connection says to its channel.
type word struct {
	quiet
	from *connection
}

func (w *word) sender() *connection { return w.from }

// To the channel, from its connection.
type (
	prepared struct {
		word
		endpoint string
		token    messages.Token
		own      bool // the address's, not the credentials'
	}
	dialed   struct{ word }
	loggedIn struct {
		word
		login transport.Login
	}
	synced struct{ word }
	heard  struct { // something arrived, after Ready or after a probe
		word
		probe bool
	}
	goAway struct {
		word
		within time.Duration
		reason messages.Reason
	}
	renewed struct {
		word
		ttl time.Duration
	}

	// ended is the last word of a connection: its socket is closed, its
	// goroutines are gone, and the outbox has back what was not written. It
	// counts also when the channel has moved on.
	ended struct {
		quiet
		from *connection
	}
)

// To a connection, from its channel.
type (
	dial struct {
		quiet
		ask *ask // holds the permit, if the one the connection had was for another endpoint
	}
	login    struct{ quiet }
	transmit struct{ quiet } // the outbox has handed over something; an errand
	beat     struct {
		quiet
		answer func(any)
	}
	probe  struct{ quiet }
	listen struct{ quiet } // from now on what is heard is proof of life
	bye    struct{ quiet }
	renew  struct {
		quiet
		token  messages.Token
		answer func(any)
	}
	panicked   struct{ crash }
	unanswered struct { // a message that may be sent again has waited too long for its answer
		quiet
		reason messages.Reason
	}
)

// IgnoreDeadLetterLogging keeps payloads out of the dead-letter log.
func (*panicked) IgnoreDeadLetterLogging() {}

// readable says that the socket has something to say. It is an errand; whoever's
// goroutine it is run on is lent for what it leaves to be done.
type readable struct {
	quiet
	lent bool
	rest func()
}

// To a connection, from its helpers.
type (
	resolved struct {
		quiet
		target transport.Target
		token  messages.Token
		err    error
	}
	dialDone struct{ quiet }
	more     struct{ quiet } // so much was read that others have their turn now
	resume   struct{ quiet } // the inbox has room again
	pulse    struct{ quiet } // the keepalive's timer ran out; an errand
	taken    struct{ quiet } // handlers took messages that the session asks about
)

func (*flush) errand()      {}
func (*transmit) errand()   {}
func (*pulse) errand()      {}
func (r *readable) errand() { r.lent = true }

// failure is what a connection escalates: the close code or the kick that ended
// it rides inside, because system messages overtake everything sent before.
type failure struct {
	from   *connection
	reason messages.Reason
	crash  *crash         // nil: it was no panic
	token  messages.Token // what it logged in with, or would have
}
