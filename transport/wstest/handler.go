package wstest

import (
	"net/http"
	"sync"
)

// Handler plays the peer of one connection, in a goroutine of its own, from the
// moment it was accepted. When it returns, the server answers pings and waits
// for the end of the connection; a handler that wants to end it calls one of
// the endings. One handler serves many connections at once.
//
// A panic, and an expectation that is not met, ends the connection and is
// reported: to the test of [WithTest] and by [Server.Close].
type Handler func(*Conn)

// Echo upgrades and sends every message back.
func Echo() Handler {
	return func(c *Conn) {
		for m := range c.Messages() {
			c.WriteMessage(m)
		}
	}
}

// Push upgrades, sends the texts, and is quiet from then on.
func Push(texts ...string) Handler {
	return func(c *Conn) {
		for _, text := range texts {
			c.Send(text)
		}
	}
}

// Greet sends the text in the same write as the 101, and then does what next
// does.
func Greet(text string, next Handler) Handler {
	return func(c *Conn) {
		c.Upgrade(text)
		next(c)
	}
}

// Silent upgrades and then reads, but never answers: no pong, no close frame.
func Silent() Handler { return func(c *Conn) { c.Silence() } }

// Kick upgrades and closes with that code and text.
func Kick(code int, text string) Handler { return func(c *Conn) { c.Close(code, text) } }

// Refuse answers the request with an HTTP status and header lines such as
// "Retry-After: 3".
func Refuse(status int, header ...string) Handler {
	return func(c *Conn) { c.Refuse(status, header...) }
}

// Stage is a point of the opening handshake.
type Stage uint8

// The stages at which a server can stall.
const (
	Accepted   Stage = iota // the connection is there; nothing is read
	Requested               // the request was read; nothing is answered
	Responding              // half of the answer was sent
	Upgraded                // the 101 was sent; nothing is read or written any more
)

var stageNames = [...]string{"after accept", "after the request", "in the response", "after the upgrade"}

// String says where it is, such as "after accept".
func (s Stage) String() string {
	if int(s) < len(stageNames) {
		return stageNames[s]
	}
	return "nowhere"
}

// Stall goes as far as that stage and no further.
func Stall(at Stage) Handler {
	return func(c *Conn) {
		switch at {
		case Accepted:
		case Requested:
			c.ReadRequest()
		case Responding:
			c.half()
		case Upgraded:
			c.Upgrade()
		}
		c.server.transcript.peer("stalls " + at.String())
		switch at {
		case Requested, Responding:
			c.discard() // so that the client's end is noticed
		case Upgraded:
			c.HalfOpen()
			c.Hold()
		default:
			c.Hold()
		}
	}
}

// Sequence does with the n-th connection it gets what the n-th handler does;
// the last one goes on with all others.
func Sequence(handlers ...Handler) Handler {
	var mu sync.Mutex
	next := 0
	return func(c *Conn) {
		mu.Lock()
		handler := handlers[next]
		next = min(next+1, len(handlers)-1)
		mu.Unlock()
		handler(c)
	}
}

// Routes does what the handler of the request's path does; a path that is not
// there is refused with 404.
func Routes(handlers map[string]Handler) Handler {
	return func(c *Conn) {
		handler, ok := handlers[c.ReadRequest().URL.Path]
		if !ok {
			handler = Refuse(http.StatusNotFound)
		}
		handler(c)
	}
}
