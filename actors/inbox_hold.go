package actors

import (
	"context"

	"github.com/seed14814784/holdfast/messages"
)

// While a connection catches up, its live messages wait behind what it catches
// up with. Both are bounded: what is held counts against the limits of the inbox
// like everything that came over the connection; what is caught up with waits
// for room in the queue, which what is held does not take away. So neither can
// keep the other from getting on.

type hold struct {
	by       *connection
	messages []inbound
	bytes    int
	space    chan struct{} // closed when the queue has become shorter; nil while nobody waits
}

// shorter lets those try again who wait for room in the queue.
func (h *hold) shorter() {
	if h != nil && h.space != nil {
		close(h.space)
		h.space = nil
	}
}

// holdBack keeps back what comes over a connection from now on.
func (b *inbox) holdBack(from *connection) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.hold == nil {
		b.hold = &hold{}
	}
	b.hold.by = from
}

// release ends the hold of a connection, if it has one: what was held follows
// what is queued.
func (b *inbox) release(from *connection) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.hold == nil || b.hold.by != from {
		return
	}
	held := b.hold.messages
	b.hold.shorter() // whoever waits finds it gone
	b.hold = nil
	for i := range held {
		b.enqueue(&held[i])
	}
}

// catchUp queues a message before all that the connection's hold keeps back. It
// blocks while the queue is full. It reports false, and queues nothing, once the
// hold is over.
func (b *inbox) catchUp(ctx context.Context, from *connection, m messages.Received) bool {
	for ctx.Err() == nil {
		space, done := b.tryCatchUp(from, m)
		if space == nil {
			return done
		}
		select {
		case <-space:
		case <-ctx.Done():
		}
	}
	return false
}

// tryCatchUp queues a message, or gives a channel that is closed when it is worth
// trying again.
func (b *inbox) tryCatchUp(from *connection, m messages.Received) (space <-chan struct{}, done bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.hold == nil || b.hold.by != from {
		return nil, false
	}
	if b.queue.count >= b.rec.Inbox.Messages || b.bytes >= b.rec.Inbox.Bytes {
		if b.hold.space == nil {
			b.hold.space = make(chan struct{})
		}
		return b.hold.space, false
	}
	b.enqueue(&inbound{Received: m})
	return nil, true
}
