package supervisor

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/seed14814784/holdfast/messages"
)

// bus carries events from channels to observers. Publishing takes a short lock
// and never waits for anybody: each observer has a bounded queue of its own,
// and one that falls behind is told how much it missed.
//
// A channel's snapshot is replaced under the same lock under which its event
// is queued, and an observer that subscribes copies all snapshots under it. So
// it sees each change exactly once: in the snapshot, or as an event after it.
type bus struct {
	watched atomic.Int32 // observers that want traffic

	mu        sync.Mutex
	observers []*observer
	closed    bool

	waiters     waiting[*waiter]
	roomWaiters waiting[*roomWaiter]
}

func newBus() *bus {
	return &bus{waiters: waiting[*waiter]{}, roomWaiters: waiting[*roomWaiter]{}}
}

// traffic reports whether an event tells of a message or a heartbeat, of which
// there are many, rather than of a channel.
func traffic(event messages.Event) bool {
	switch event.(type) {
	case messages.Outcome, messages.Received, messages.Pong:
		return true
	}
	return false
}

func (b *bus) publish(event messages.Event, commit func()) {
	busy := traffic(event)
	if busy && b.watched.Load() == 0 {
		return // nobody looks: the lock is not worth taking
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if commit != nil {
		commit()
	}
	for _, o := range b.observers {
		if !busy || !o.calm {
			o.offer(event)
		}
	}
	switch e := event.(type) {
	case messages.StatusChanged:
		b.waiters.wake(e.Channel, func(w *waiter) bool { return w.see(e) })
	case messages.RoomChanged:
		b.roomWaiters.wake(e.Channel, func(w *roomWaiter) bool { return w.room == e.Room && w.judge(e.Cur, e.Reason) })
	case messages.Stopped:
		b.waiters.wake(e.Channel, func(w *waiter) bool { return w.end(e.Reason) })
	}
}

// join registers an observer; first gives what it sees before the first event.
// It reports false when the bus is closed.
func (b *bus) join(o *observer, first func() []messages.Event) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return false
	}
	if first != nil {
		o.prime(first())
	}
	b.observers = append(b.observers, o)
	b.watch(o, 1)
	return true
}

func (b *bus) leave(o *observer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := slices.Index(b.observers, o); i >= 0 {
		b.observers = slices.Delete(b.observers, i, i+1)
		b.watch(o, -1)
	}
	o.finish()
}

func (b *bus) watch(o *observer, change int32) {
	if !o.calm {
		b.watched.Add(change)
	}
}

// close ends every observer after what is queued for it.
func (b *bus) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	for _, o := range b.observers {
		b.watch(o, -1)
		o.finish()
	}
	b.observers = nil
}

// await registers a waiter if the channel is not where it wants it already;
// look is called under the lock, so nothing happens between the look and the
// registration.
func (b *bus) await(id messages.ChannelID, w *waiter, look func() messages.Snapshot) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !w.start(look()) {
		b.waiters.add(id, w)
	}
}

func (b *bus) forget(id messages.ChannelID, w *waiter) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiters.wake(id, func(other *waiter) bool { return other == w })
}
