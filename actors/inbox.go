package actors

import (
	"bytes"
	"math"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/seed14814784/holdfast/messages"
)

// InboxLimits bound what waits for a channel's handler. When either is reached
// the connection stops reading, and TCP tells the peer. What a Syncer delivers has
// limits of its own, of the same size.
type InboxLimits struct {
	Messages int
	Bytes    int
}

// inbox hands inbound messages to the channel's handler, one at a time and in
// order, also across connections. It runs the handler in a goroutine that is its own
// while something waits, so that a slow handler never delays a heartbeat, a command or
// another channel, and an idle channel costs nothing. That is the goroutine that
// reported the message, if it was lent, or a new one.
type inbox struct {
	rec  *Record
	work func() // drain, for a goroutine that is lent; nil: there was none

	mu      sync.Mutex
	queue   backlog
	bytes   int
	running bool
	lent    bool        // somebody will run the handler on his own goroutine
	due     bool        // and it has work
	paused  *connection // resumes once there is room again

	delivered atomic.Uint64 // observers ask for it while one is told of a message

	hold *hold // nil: nobody catches up
}

// inbound is a message on its way to a handler.
type inbound struct {
	messages.Received
	to   func(messages.Received) // a room's handler; nil: the channel's
	lane *lane                   // of the room; nil: there is none
	life uint64                  // of the lane
	slip slip
	lent bool // Data has to be copied: it is there until push returns
}

// void reports whether the room was left since.
func (m *inbound) void() bool { return m.lane != nil && m.lane.life.Load() != m.life }

// crash is a panic with the stack it happened on.
type crash struct {
	Value   any
	Stack   []byte
	Channel messages.ChannelID // whose actor it was; "": it was not a channel's
}

// String keeps the actor system, which logs every failure as it is, from showing
// what the panic says: that may be a token. The channel logs it without.
func (crash) String() string { return "a panic" }

// GoString does the same for %#v.
func (c crash) GoString() string { return c.String() }

// push queues a message. It reports whether there is room for another one; if
// not, the connection resumes, once, when there is.
func (b *inbox) push(m *inbound, from *connection) (room bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.hold == nil {
		b.enqueue(m)
	} else {
		if m.lent {
			m.Data, m.lent = bytes.Clone(m.Data), false
		}
		b.hold.messages = append(b.hold.messages, *m)
		b.hold.bytes += len(m.Data)
	}
	if !b.full() {
		return true
	}
	if from != nil {
		b.paused = from
	}
	return false
}

// enqueue puts a message at the end of the queue; the lock is held.
func (b *inbox) enqueue(m *inbound) {
	if m.lent && (!b.rec.Borrow || b.rec.PublishReceived) {
		m.Data, m.lent = bytes.Clone(m.Data), false
	}
	b.queue.put(m)
	b.bytes += len(m.Data)
	if b.rec.PublishReceived && b.rec.Observer.Watched() {
		b.rec.Observer.Publish(m.Received, nil)
	}
	if !b.running {
		b.running = true
		if b.due = b.lent; !b.due {
			b.rec.Workers.Go(b.drain)
		}
	}
}

// borrow has the handler wait for a goroutine that somebody lends, until giveBack.
func (b *inbox) borrow() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lent = true
}

// giveBack is what there is to do on the goroutine that was lent; nil: nothing.
func (b *inbox) giveBack() (work func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	due := b.due
	b.lent, b.due = false, false
	if !due {
		return nil
	}
	b.rec.Workers.Add()
	if b.work == nil {
		b.work = func() {
			defer b.rec.Workers.Done()
			b.serve(lentTurns)
		}
	}
	return b.work
}

// load is what waits; the lock is held.
func (b *inbox) load() (count, bytes int) {
	count, bytes = b.queue.count, b.bytes
	if b.hold != nil {
		count, bytes = count+len(b.hold.messages), bytes+b.hold.bytes
	}
	return count, bytes
}

// full reports whether no more is read for now; the lock is held.
func (b *inbox) full() bool {
	count, bytes := b.load()
	return count >= b.rec.Inbox.Messages || bytes >= b.rec.Inbox.Bytes
}

// room reports whether there is room for a message. If not, the connection resumes,
// once, when there is.
func (b *inbox) room(from *connection) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.full() {
		return true
	}
	b.paused = from
	return false
}

// resumes is the connection that reads again, if there is one and room enough by now; the
// lock is held.
func (b *inbox) resumes() *connection {
	if b.paused == nil {
		return nil
	}
	if count, bytes := b.load(); 2*count > b.rec.Inbox.Messages || 2*bytes > b.rec.Inbox.Bytes {
		return nil
	}
	c := b.paused
	b.paused = nil
	return c
}

// lentTurns is how many messages are handled on a goroutine that is lent. Of a
// connection that never stops, a goroutine of its own handles the rest.
const lentTurns = 64

// drain runs the handler until nothing waits.
func (b *inbox) drain() { b.serve(math.MaxInt) }

// serve runs the handler so many times, or until nothing waits. Whether to go on is
// decided under the same lock that push looks at running with, so no message can be
// queued between the last look and the exit.
//
// When that was often enough, a goroutine of its own carries on; also when a handler
// leaves by runtime.Goexit, which takes this one with it.
func (b *inbox) serve(turns int) {
	var m *inbound // that is handled
	var spent *block
	finished := false
	defer func() {
		if m != nil {
			m.release(spent)
		}
		if !finished {
			b.rec.Workers.Go(b.drain)
		}
	}()
	for range turns {
		b.mu.Lock()
		if b.queue.count == 0 {
			b.running = false
			b.mu.Unlock()
			finished = true
			return
		}
		m, spent = b.queue.take()
		b.bytes -= len(m.Data)
		void := m.void()
		if !void {
			b.delivered.Add(1)
		}
		resumes := b.resumes()
		b.hold.shorter()
		b.mu.Unlock()
		if resumes != nil {
			resumes.resume()
		}
		if void {
			b.rec.stale.Add(1) // its room was left before its turn
			m.slip.end(false)
		} else {
			b.handle(m)
		}
		m.release(spent) // what the handler was lent is its no more
		m = nil
	}
}

// handle gives a message to its handler. A message that a handler panics over was
// taken: another time, it would panic again.
func (b *inbox) handle(m *inbound) {
	defer m.slip.end(true)
	defer func() {
		if v := recover(); v != nil {
			b.rec.handlerCrashed(m.Room, crash{Value: v, Stack: debug.Stack()})
		}
	}()
	if m.to != nil {
		m.to(m.Received)
		return
	}
	b.rec.Handler(m.Received)
}

// discard drops what waits, so that the handler is not called again once a call
// that is running returns. It reports how many messages that were.
func (b *inbox) discard() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	n, _ := b.load()
	b.hold.shorter()
	b.queue, b.bytes, b.hold, b.paused = backlog{}, 0, nil, nil
	return uint64(n)
}

func (b *inbox) count() uint64 { return b.delivered.Load() }
